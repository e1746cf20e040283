import { signedRankInterval } from "../statistics/signed-rank-interval.ts";
import { INTERVAL_CONFIDENCE } from "./compare-pairs.ts";

/** The numbers of blocks after which a run looks whether to go on. */
export const BLOCK_LOOKS = [8, 12, 16] as const;

/** No look comes after these. */
export const BLOCKS_MAX: number = BLOCK_LOOKS[BLOCK_LOOKS.length - 1] as number;

/**
 * Whether a run of `n` blocks should go on to the next look, by the width of the interval alone: while its half is wider
 * than half the margin. Looking at the difference itself and stopping when it is significant would raise 13 % false
 * alarms in place of 5 %; the verdict is computed once, at the stop. `differences` are logarithms of ratios and may be
 * fewer than `n`, as invalid trials have none.
 */
export function shouldAddBlocks(
  differences: readonly number[],
  margin: number,
  n: number,
): boolean {
  if (nextLook(n) === null) return false;
  const interval = signedRankInterval(differences, INTERVAL_CONFIDENCE);
  if (!interval.defined) return true;
  return interval.value.high - interval.value.low > Math.log1p(margin);
}

/** The number of blocks of the next look after `n`; null after the last. */
export function nextLook(n: number): number | null {
  return BLOCK_LOOKS.find((look) => look > n) ?? null;
}
