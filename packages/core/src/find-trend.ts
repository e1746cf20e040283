import { METRIC_MARGINS } from "./comparison/metric-margins.ts";
import { median } from "./statistics/quantile.ts";
import { expectValue } from "./statistics/statistic.ts";
import { theilSenSlope } from "./statistics/theil-sen-slope.ts";
import { trendP } from "./statistics/trend-p.ts";

/** Parts of the measure phase whose rates are compared. */
const WINDOWS = 10;
/** p below which the rates of the windows are not in a random order: among ten, 37 of 45 pairs must point one way. */
const TREND_P_MAX = 0.01;

/** A running count, `atMs` from the beginning of the measure phase. */
export interface CountPoint {
  readonly atMs: number;
  readonly count: number;
}

/** A rate that was not the same throughout. */
export interface Trend {
  /** From the first window to the last, relative to the middle one: −0.1 is a rate that fell by a tenth. */
  readonly change: number;
  readonly p: number;
}

/**
 * Whether the rate of a count rose or fell all through the measure phase: its slope over ten windows (Theil and Sen) is as
 * large as a rate's margin, and the order of the windows is no chance. null where it did neither, and where it cannot be
 * told: a window without a sample is a hole, and is not bridged.
 */
export function findTrend(points: readonly CountPoint[], measureMs: number): Trend | null {
  const rates = measureRates(points, measureMs);
  if (rates === null) return null;
  const middle = expectValue(median(rates));
  if (middle <= 0) return null;
  const slope = expectValue(theilSenSlope(rates.map((rate, i) => [i, rate] as const)));
  const change = (slope * (WINDOWS - 1)) / middle;
  const p = expectValue(trendP(rates));
  return p < TREND_P_MAX && Math.abs(change) >= METRIC_MARGINS.rate ? { change, p } : null;
}

/** Counts per ms of each window, between the last samples of it and of the one before. */
function measureRates(points: readonly CountPoint[], measureMs: number): number[] | null {
  const ends: CountPoint[] = [{ atMs: 0, count: 0 }];
  for (let window = 1; window <= WINDOWS; window++) {
    const fromMs = ((window - 1) * measureMs) / WINDOWS;
    const toMs = (window * measureMs) / WINDOWS;
    const last = points.findLast(({ atMs }) => atMs > fromMs && atMs <= toMs);
    if (last === undefined) return null;
    ends.push(last);
  }
  // What was counted before the phase is not known at its very beginning, so the first window has its own first sample.
  const first = points.find(({ atMs }) => atMs >= 0);
  if (first === undefined || first.atMs >= (ends[1] as CountPoint).atMs) return null;
  ends[0] = first;
  return ends.slice(1).map(({ atMs, count }, i) => {
    const before = ends[i] as CountPoint;
    return (count - before.count) / (atMs - before.atMs);
  });
}
