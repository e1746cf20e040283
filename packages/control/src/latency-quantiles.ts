import {
  countHistogram,
  type HistogramRecord,
  LATENCY_QUANTILES,
  mergeHistograms,
  quantileUs,
  SAMPLED_QUANTILES,
} from "@churnlab/core";

const SAMPLED = LATENCY_QUANTILES.filter(({ name }) =>
  SAMPLED_QUANTILES.some((sampled) => sampled === name),
);

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
      return SAMPLED.filter(({ share }) => tells(share, count)).map(({ name, share }) => [
        `latency.${metric}.${name}`,
        quantileUs(merged, share) as number,
      ]);
    }),
  );
}

/** Whether at least one of so many values lies above the quantile. */
function tells(q: number, count: number): boolean {
  return count > 0 && (q <= 0.5 || q === 1 || count * (1 - q) >= 1 - ROUNDING);
}

/** 100 × (1 − 0.99) is a little less than 1. */
const ROUNDING = 1e-9;
