import {
  approximateTail,
  EXACT_BLOCKS_MAX,
  signedRankTail,
  subsetSumTail,
} from "./signed-rank-distribution.ts";
import { findDefect, noValue, type Statistic } from "./statistic.ts";

/**
 * The two-sided p of "the differences are symmetric about 0": the share of all 2ⁿ ways to flip their signs for which
 * the signed-rank sum lies at least as far from 0 as the one observed. Equal sizes share their mean rank; a zero keeps
 * its rank and has no sign (Pratt 1959). Ties and zeros are exact too, because the flips are counted by the distribution
 * of the sum instead of one by one; beyond 100 differences they are approximated.
 */
export function signFlipP(differences: readonly number[]): Statistic {
  const defect = findDefect(differences);
  if (defect !== null) return noValue(defect);
  const ranks = rankSizes(differences);
  const signed = ranks.filter((_, i) => differences[i] !== 0);
  const total = signed.reduce((sum, rank) => sum + rank, 0);
  const positive = ranks.reduce(
    (sum, rank, i) => ((differences[i] as number) > 0 ? sum + rank : sum),
    0,
  );
  const lower = Math.min(positive, total - positive);
  const isExact = signed.length <= EXACT_BLOCKS_MAX;
  // Half a rank, which is 1 here, as the sum moves in whole ranks.
  const tail = isExact ? exactTail(signed, lower) : approximateTail(signed, total / 2 - lower - 1);
  return { defined: true, value: Math.min(1, 2 * tail) };
}

/** The least p that n blocks can give: 2/2ⁿ, when all differ in the same direction. */
export function smallestSignFlipP(n: number): number {
  return Math.min(1, 2 ** (1 - n));
}

/** Ranks are doubled: without ties and zeros they are 2, 4, … 2n. */
function exactTail(ranks: readonly number[], lower: number): number {
  const n = ranks.length;
  const isTieFree = new Set(ranks).size === n && Math.max(0, ...ranks) === 2 * n;
  if (isTieFree && ranks.every((rank) => rank % 2 === 0)) return signedRankTail(n, lower / 2);
  const step = ranks.reduce(findCommonDivisor, 0);
  if (step === 0) return 1;
  return subsetSumTail(
    ranks.map((rank) => rank / step),
    lower / step,
  );
}

function findCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : findCommonDivisor(b, a % b);
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
