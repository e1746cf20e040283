import { countHistogram, type HistogramRecord, mergeHistograms, quantileUs } from "@churnlab/core";

/** The quantiles that a trial's latencies are reduced to. */
export const QUANTILES = [
  ["p50", 0.5],
  ["p90", 0.9],
  ["p99", 0.99],
  ["p999", 0.999],
  ["max", 1],
] as const;

/** Those that are sampled over time. */
const SAMPLED: ReadonlySet<string> = new Set(["p50", "p99", "p999", "max"]);

/**
 * Quantiles of what was recorded in one window, by stored metric name, in microseconds. Records of the same latency are
 * merged first. A tail quantile of too few values would only repeat their highest, so it is left out: p99 needs 100.
 */
export function sampleQuantiles(records: readonly HistogramRecord[]): Record<string, number> {
  const byMetric = Map.groupBy(records, ({ metric }) => metric);
  return Object.fromEntries(
    [...byMetric].flatMap(([metric, parts]) => {
      const merged = mergeHistograms(metric, parts);
      const count = countHistogram(merged);
      return QUANTILES.filter(([name, q]) => SAMPLED.has(name) && tells(q, count)).map(
        ([name, q]) => [`latency.${metric}.${name}`, quantileUs(merged, q) as number],
      );
    }),
  );
}

/** Whether at least one of so many values lies above the quantile. */
function tells(q: number, count: number): boolean {
  return count > 0 && (q <= 0.5 || q === 1 || count * (1 - q) >= 1 - ROUNDING);
}

/** 100 × (1 − 0.99) is a little less than 1. */
const ROUNDING = 1e-9;
