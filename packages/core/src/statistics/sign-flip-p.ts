import { distributeSubsetSums } from "./signed-rank-distribution.ts";
import { findDefect, noValue, type Statistic } from "./statistic.ts";

/**
 * The two-sided p of "the differences are symmetric about 0": the share of all 2ⁿ ways to flip their signs for which
 * the signed-rank sum lies at least as far from 0 as the one observed. Equal sizes share their mean rank; a zero keeps
 * its rank and has no sign (Pratt 1959). It is exact for every n, ties and zeros included, because the flips are
 * counted by the distribution of the sum instead of one by one. Costs n³: a millisecond at n = 100.
 */
export function signFlipP(differences: readonly number[]): Statistic {
  const defect = findDefect(differences);
  if (defect !== null) return noValue(defect);
  const ranks = rankSizes(differences);
  const signed = ranks.filter((_, i) => differences[i] !== 0);
  const total = signed.reduce((sum, rank) => sum + rank, 0);
  let positive = 0;
  differences.forEach((difference, i) => {
    if (difference > 0) positive += ranks[i] as number;
  });
  const observed = Math.abs(2 * positive - total);
  let p = 0;
  distributeSubsetSums(signed).forEach((probability, sum) => {
    if (Math.abs(2 * sum - total) >= observed) p += probability;
  });
  return { defined: true, value: Math.min(1, p) };
}

/** The least p that n blocks can give: 2/2ⁿ, when all differ in the same direction. */
export function smallestSignFlipP(n: number): number {
  return Math.min(1, 2 ** (1 - n));
}

/** Twice the mid-rank of every absolute difference: doubled, so that all are whole numbers. */
function rankSizes(differences: readonly number[]): number[] {
  const order = differences
    .map((difference, index) => ({ size: Math.abs(difference), index }))
    .toSorted((a, b) => a.size - b.size);
  const ranks = Array.from<number>({ length: differences.length });
  for (let first = 0; first < order.length; ) {
    let end = first + 1;
    while (end < order.length && order[end]?.size === order[first]?.size) end++;
    for (const { index } of order.slice(first, end)) ranks[index] = first + 1 + end;
    first = end;
  }
  return ranks;
}
