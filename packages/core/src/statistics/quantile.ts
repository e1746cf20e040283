import { findDefect, finiteValue, noValue, type Statistic } from "./statistic.ts";

/**
 * The `share`-quantile of a few observations, linearly interpolated between order statistics (type 7 of Hyndman and
 * Fan 1996, the default of R and NumPy). For latencies use the merged histogram: quantiles are never averaged.
 */
export function quantile(observations: readonly number[], share: number): Statistic {
  if (!(share >= 0 && share <= 1)) throw new RangeError(`a quantile is in [0, 1], not ${share}`);
  const defect = findDefect(observations);
  if (defect !== null) return noValue(defect);
  return finiteValue(quantileOfSorted(new Float64Array(observations).toSorted(), share));
}

/** The middle observation, or the mean of the middle two. */
export function median(observations: readonly number[]): Statistic {
  return quantile(observations, 0.5);
}

/** The same where it does not matter why there is none. */
export function medianOrNull(observations: readonly number[]): number | null {
  const middle = median(observations);
  return middle.defined ? middle.value : null;
}

/** As `quantile`, of ascending finite numbers, of which there is at least one. */
export function quantileOfSorted(sorted: Float64Array, share: number): number {
  const place = (sorted.length - 1) * share;
  const below = Math.floor(place);
  const low = sorted[below] as number;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] as number;
  const part = place - below;
  // Two products, not low + part * (high - low): the difference of two large numbers may overflow.
  const between = low * (1 - part) + high * part;
  return Math.min(high, Math.max(low, between));
}
