import { METRIC_MARGINS } from "./comparison/metric-margins.ts";
import { maxOf } from "./extremes.ts";
import { describeMetric } from "./metrics.ts";
import { detectChangePoints, shortestSeries } from "./statistics/detect-change-points.ts";

/** One run in the history of one metric of one variant. */
export interface HistoryPoint {
  readonly runId: string;
  readonly commit: string | null;
  /** Only runs of one fingerprint form one series, whatever runs lie between them. */
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

/** What a history shows, and whether it is long enough to show anything. */
export interface HistoryFindings {
  /** Oldest first. */
  readonly alerts: readonly HistoryAlert[];
  /** Runs with a value in the longest series. */
  readonly longestSeries: number;
  /** Fewer runs than this in a series can show no change, however large. */
  readonly runsNeeded: number;
}

/**
 * The change points of a history; to be shown, never to fail a run. Each fingerprint has a series of its own, so a new kernel
 * or machine is not taken for a change of the target, and machines that take turns are followed each for itself. Runs
 * without a value are skipped.
 */
export function findHistoryAlerts(
  history: readonly HistoryPoint[],
  options: HistoryOptions,
): HistoryFindings {
  const series = splitByFingerprint(history);
  const place = new Map(history.map(({ runId }, i) => [runId, i]));
  const alerts = series
    .flatMap((points) => findSeriesAlerts(points, options))
    .toSorted((a, b) => (place.get(a.runId) ?? 0) - (place.get(b.runId) ?? 0));
  return {
    alerts,
    longestSeries: Math.max(0, maxOf(series.map((points) => points.length))),
    runsNeeded: shortestSeries(P_MAX),
  };
}

/** Hunter's default (Fleming et al. 2023). */
const P_MAX = 0.001;

function findSeriesAlerts(
  series: readonly Valued[],
  { metric, seed = 1 }: HistoryOptions,
): HistoryAlert[] {
  const description = describeMetric(metric);
  const magnitudeMin = METRIC_MARGINS[description?.class ?? "gauge"];
  const values = series.map(({ value }) => value);
  const found = detectChangePoints(values, { magnitudeMin, pMax: P_MAX, seed });
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
}

type Valued = HistoryPoint & { readonly value: number };

function isValued(point: HistoryPoint): point is Valued {
  return point.value !== null && Number.isFinite(point.value);
}

function splitByFingerprint(history: readonly HistoryPoint[]): Valued[][] {
  return [...Map.groupBy(history.filter(isValued), ({ fingerprint }) => fingerprint).values()];
}

function directionOf(
  change: number,
  better: "higher" | "lower" | "neither",
): HistoryAlert["direction"] {
  if (better === "neither") return "changed";
  return change > 0 === (better === "higher") ? "better" : "worse";
}
