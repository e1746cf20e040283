/** The quantiles that latencies are reduced to, ascending: as metrics name them, as people do, and the share below them. */
export const LATENCY_QUANTILES = [
  { name: "p50", title: "p50", share: 0.5 },
  { name: "p90", title: "p90", share: 0.9 },
  { name: "p99", title: "p99", share: 0.99 },
  { name: "p999", title: "p99.9", share: 0.999 },
  { name: "max", title: "max", share: 1 },
] as const;

/** Those that are sampled over time. */
export const SAMPLED_QUANTILES = ["p50", "p99", "p999", "max"] as const;
