import { selectWalshAverage } from "./select-walsh-average.ts";
import { findTailRank } from "./signed-rank-distribution.ts";
import { findDefect, noValue, type Statistic } from "./statistic.ts";

export interface Interval {
  readonly low: number;
  readonly high: number;
  /** The confidence of this very interval: at least what was asked for, as ranks are whole numbers. */
  readonly confidence: number;
}

/**
 * The confidence interval of the shift that belongs to Wilcoxon's signed-rank test: two order statistics of the Walsh averages,
 * chosen by the exact null distribution (Hollander, Wolfe and Chicken 2014, §3.3; R's `wilcox.test(conf.int = TRUE)`). The p of
 * `signFlipP` ranks outlying differences lowest, so where there is one the two are not of one test and may disagree: a claim
 * needs both.
 * Ties make it wider than needed, never narrower. `too-few` below 5 differences at 90 %, below 6 at 95 %.
 */
export function signedRankInterval(
  differences: readonly number[],
  confidence: number,
): Statistic<Interval> {
  if (!(confidence > 0 && confidence < 1)) {
    throw new RangeError(`a confidence is between 0 and 1, not ${confidence}`);
  }
  const defect = findDefect(differences);
  if (defect !== null) return noValue(defect);
  const { rank, tail } = findTailRank(differences.length, (1 - confidence) / 2);
  if (rank === 0) return noValue("too-few");
  const sorted = new Float64Array(differences).toSorted();
  const count = (sorted.length * (sorted.length + 1)) / 2;
  const low = selectWalshAverage(sorted, rank);
  const high = selectWalshAverage(sorted, count + 1 - rank);
  return { defined: true, value: { low, high, confidence: 1 - 2 * tail } };
}
