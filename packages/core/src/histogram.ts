/** The latencies that are measured, in the order of a connection's life. All are successes only. */
export const LATENCY_METRICS = ["schedule", "connect", "first_byte", "request", "total"] as const;

/**
 * `schedule`: actual minus intended start. `connect`: connect() call to established. `first_byte`: request sent to first
 * response byte. `request`: request sent to whole response. `total`: intended start to whole connection done.
 */
export type LatencyMetric = (typeof LATENCY_METRICS)[number];

/** The latencies that are also sampled while a trial runs. */
export const SAMPLED_LATENCIES: readonly LatencyMetric[] = ["schedule", "connect", "request"];

/**
 * A latency histogram as it is stored: sparse HDR buckets (see `LatencyHistogram`). `counts[i]` belongs to bucket
 * `indexes[i]`; indexes ascend.
 */
export interface HistogramRecord {
  readonly metric: string;
  readonly indexes: Uint32Array;
  readonly counts: Uint32Array;
}
