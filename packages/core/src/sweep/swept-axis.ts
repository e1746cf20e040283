/** A field in which the variants of a run differ. */
export interface SweptAxis {
  /** `sysctls.client.net.ipv4.tcp_tw_reuse`, `workload.arrival.ratePerS` */
  readonly path: string;
  /** As printed, in the order in which the variants have them. */
  readonly values: readonly string[];
  /** The value of each variant, by its name. */
  readonly valueOf: ReadonlyMap<string, string>;
}
