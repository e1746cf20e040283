/** What a side of a connection sends: usually, and as the last of a connection. */
export interface Messages {
  readonly plain: Uint8Array;
  readonly last: Uint8Array;
  /** The sender closes right after the last, so that its FIN can travel with it. */
  readonly endsWithFin?: boolean;
}
