import { describeMetric, maxOf, median, minOf, nameMetric } from "@churnlab/core";
import type { StoredRun } from "@churnlab/store";
import { formatCount } from "../format-value.ts";
import { isHeadline } from "../metric-groups.ts";
import { unitOf } from "../unit-of.ts";
import { listRunMetrics, readMetric, readVariants } from "../variant-readings.ts";

/** Which of the two files: metrics of which less is better, or more. */
export type BenchmarkDirection = "smaller" | "bigger";

/**
 * The medians of a run's variants as github-action-benchmark reads them (`customSmallerIsBetter`,
 * `customBiggerIsBetter`). A zero that was measured is a value as any other: a service that draws a trend would otherwise
 * lose the series in the very runs where nothing failed. What never happened has no value.
 */
export function formatBenchmark(run: StoredRun, direction: BenchmarkDirection): string {
  const better = direction === "smaller" ? "lower" : "higher";
  const keys = listRunMetrics(run).filter(
    ({ metric }) => isHeadline(metric) && describeMetric(metric)?.better === better,
  );
  const entries = readVariants(run).flatMap((variant) =>
    keys.flatMap((key) => {
      const { values, never } = readMetric(variant, key);
      const center = median(values);
      if (!center.defined || never) return [];
      return [
        {
          name: `${run.scenario} / ${variant.variant} / ${nameMetric(key)}`,
          unit: unitOf(key.metric),
          value: center.value,
          range: `${minOf(values)} … ${maxOf(values)}`,
          extra: `run ${run.runId}, ${formatCount(values.length, "trial")}`,
        },
      ];
    }),
  );
  return JSON.stringify(entries, null, 2);
}
