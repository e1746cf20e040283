import { distributeSubsetSums } from "./signed-rank-distribution.ts";
import { findDefect, noValue, type Statistic } from "./statistic.ts";
import { walshAverages } from "./walsh-averages.ts";

export interface Interval {
  readonly low: number;
  readonly high: number;
  /** The exact confidence of this interval: at least what was asked for, as ranks are whole numbers. */
  readonly confidence: number;
}

/**
 * The confidence interval of the shift that belongs to the signed-rank test: two order statistics of the Walsh averages,
 * chosen by the exact null distribution (Hollander, Wolfe and Chicken 2014, §3.3; R's `wilcox.test(conf.int = TRUE)`).
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
  const { rank, tail } = findIntervalRank(differences.length, (1 - confidence) / 2);
  if (rank === 0) return noValue("too-few");
  const averages = walshAverages(differences);
  const low = averages[rank - 1] as number;
  const high = averages[averages.length - rank] as number;
  return { defined: true, value: { low, high, confidence: 1 - 2 * tail } };
}

/** The largest k with P(T ≤ k−1) ≤ tailMax, and that probability; k = 0 when even P(T = 0) exceeds it. */
function findIntervalRank(n: number, tailMax: number): { rank: number; tail: number } {
  const probabilities = distributeSubsetSums(Array.from({ length: n }, (_, i) => i + 1));
  // (1 − 0.9) / 2 is not exactly 0.05; a tail equal to the bound counts as within it.
  const bound = tailMax * (1 + 1e-12);
  let rank = 0;
  let tail = 0;
  for (const probability of probabilities) {
    if (tail + probability > bound) break;
    tail += probability;
    rank++;
  }
  return { rank, tail };
}
