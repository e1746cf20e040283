import { normalTail } from "./normal-tail.ts";

/** Up to this many blocks every probability is counted; above it, that of ranks without ties is off by less than 1e-5. */
export const EXACT_BLOCKS_MAX = 100;

/**
 * The exact distribution of a sum of `weights`, each taken or left with probability one half: element s is P(sum = s).
 * With the weights 1…n it is the null distribution of the signed-rank statistic (Wilcoxon 1945). Every probability is
 * a multiple of 2⁻ⁿ, so for n ≤ 53 no rounding happens at all.
 */
export function distributeSubsetSums(weights: readonly number[]): Float64Array {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return countSubsets(weights, total).map((count) => count / 2 ** weights.length);
}

/** P(sum ≤ `sumMax`) of the same sum. Costs n · `sumMax`. */
export function subsetSumTail(weights: readonly number[], sumMax: number): number {
  const counts = countSubsets(weights, sumMax);
  let tail = 0;
  for (const count of counts) tail += count;
  return tail / 2 ** weights.length;
}

/** Element s is the number of subsets whose weights add up to s. */
function countSubsets(weights: readonly number[], sumMax: number): Float64Array {
  const subsets = new Float64Array(sumMax + 1);
  subsets[0] = 1;
  let reach = 0;
  for (const weight of weights) {
    reach = Math.min(reach + weight, sumMax);
    // Downwards, so that what is added still counts the subsets without this weight.
    for (let sum = reach; sum >= weight; sum--) {
      subsets[sum] = (subsets[sum] as number) + (subsets[sum - weight] as number);
    }
  }
  return subsets;
}

/** P(T ≤ rank) of the signed-rank statistic T of n blocks without ties; depends on nothing else, so it is kept. */
export function signedRankTail(n: number, rank: number): number {
  let tails = KNOWN_TAILS.get(n);
  if (tails === undefined) {
    let tail = 0;
    tails = distributeSubsetSums(listRanks(n)).map((probability) => (tail += probability));
    KNOWN_TAILS.set(n, tails);
  }
  return tails[rank] as number;
}

const KNOWN_TAILS = new Map<number, Float64Array>();

function listRanks(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i + 1);
}

export interface TailRank {
  /** The largest k with P(T ≤ k−1) ≤ tailMax; 0 when even P(T = 0) exceeds it. */
  readonly rank: number;
  /** P(T ≤ k−1) itself. */
  readonly tail: number;
}

/** How far the signed-rank statistic T of n blocks reaches into its lower tail. */
export function findTailRank(n: number, tailMax: number): TailRank {
  const key = `${n}/${tailMax}`;
  const known = KNOWN_RANKS.get(key);
  if (known !== undefined) return known;
  const found = n <= EXACT_BLOCKS_MAX ? countTailRank(n, tailMax) : approximateTailRank(n, tailMax);
  KNOWN_RANKS.set(key, found);
  return found;
}

/** It depends on the number of blocks alone, which all metrics of a comparison share. */
const KNOWN_RANKS = new Map<string, TailRank>();

function countTailRank(n: number, tailMax: number): TailRank {
  // (1 − 0.9) / 2 is not exactly 0.05; a tail equal to the bound counts as within it.
  const bound = tailMax * (1 + 1e-12);
  let rank = 0;
  let tail = 0;
  for (const probability of distributeSubsetSums(listRanks(n))) {
    if (tail + probability > bound) break;
    tail += probability;
    rank++;
  }
  return { rank, tail };
}

function approximateTailRank(n: number, tailMax: number): TailRank {
  const ranks = listRanks(n);
  const mean = (n * (n + 1)) / 4;
  const tailOf = (sum: number): number => approximateTail(ranks, mean - sum - 0.5);
  let rank = Math.floor(mean);
  while (rank > 0 && tailOf(rank - 1) > tailMax) rank--;
  return { rank, tail: tailOf(rank - 1) };
}

/**
 * P(sum ≥ mean + distance) of a sum of many weights, each taken or left: the normal tail with Edgeworth's correction for
 * the fourth cumulant, as such a sum has shorter tails (Kolassa 2006, §3). For half a step, take it off the distance.
 */
export function approximateTail(weights: readonly number[], distance: number): number {
  let variance = 0;
  let fourthCumulant = 0;
  for (const weight of weights) {
    const square = weight * weight;
    variance += square / 4;
    fourthCumulant -= (square * square) / 8;
  }
  const z = Math.max(0, distance) / Math.sqrt(variance);
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  const excess = fourthCumulant / (variance * variance);
  return Math.max(0, normalTail(z) + (density * excess * (z * z - 3) * z) / 24);
}
