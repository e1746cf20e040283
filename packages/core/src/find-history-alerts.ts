import { METRIC_MARGINS } from "./comparison/metric-margins.ts";
import { describeMetric } from "./metrics.ts";
import { detectChangePoints } from "./statistics/detect-change-points.ts";

/** One run in the history of one metric of one variant. */
export interface HistoryPoint {
  readonly runId: string;
  readonly commit: string | null;
  /** Only runs of one fingerprint form one series. */
  readonly fingerprint: string;
  /** null (or a number that is not finite): the run has no such measurement. */
  readonly value: number | null;
}

/** The level of a metric changed for good, first seen in this run. */
export interface HistoryAlert {
  readonly runId: string;
  readonly commit: string | null;
  /** The last run before the change. */
  readonly previousRunId: string;
  readonly previousCommit: string | null;
  readonly before: number;
  readonly after: number;
  /** after/before − 1; null when the change is from zero. */
  readonly effect: number | null;
  readonly p: number;
  readonly direction: "better" | "worse" | "changed";
}

export interface HistoryOptions {
  /** Metric name without its role: gives the margin and the better direction. */
  readonly metric: string;
  readonly seed?: number;
}

/**
 * The change points of a history, oldest first; to be shown, never to fail a run. A change of fingerprint starts a new
 * series, so a new kernel or machine is not taken for a change of the target. Runs without a value are skipped.
 */
export function findHistoryAlerts(
  history: readonly HistoryPoint[],
  { metric, seed = 1 }: HistoryOptions,
): HistoryAlert[] {
  const description = describeMetric(metric);
  const magnitudeMin = METRIC_MARGINS[description?.class ?? "gauge"];
  return splitByFingerprint(history).flatMap((series) => {
    const values = series.map(({ value }) => value);
    const found = detectChangePoints(values, { magnitudeMin, seed });
    if (!found.defined) return [];
    return found.value.map(({ index, before, after, effect, p }) => {
      const [last, first] = [series[index - 1] as Valued, series[index] as Valued];
      return {
        runId: first.runId,
        commit: first.commit,
        previousRunId: last.runId,
        previousCommit: last.commit,
        before,
        after,
        effect,
        p,
        direction: directionOf(after - before, description?.better ?? "neither"),
      };
    });
  });
}

type Valued = HistoryPoint & { readonly value: number };

function isValued(point: HistoryPoint): point is Valued {
  return point.value !== null && Number.isFinite(point.value);
}

function splitByFingerprint(history: readonly HistoryPoint[]): Valued[][] {
  const series: Valued[][] = [];
  let fingerprint: string | null = null;
  for (const point of history) {
    if (point.fingerprint !== fingerprint) series.push([]);
    fingerprint = point.fingerprint;
    if (isValued(point)) series.at(-1)?.push(point);
  }
  return series;
}

function directionOf(
  change: number,
  better: "higher" | "lower" | "neither",
): HistoryAlert["direction"] {
  if (better === "neither") return "changed";
  return change > 0 === (better === "higher") ? "better" : "worse";
}
