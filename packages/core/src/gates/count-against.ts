import { blocksNeeded } from "../decide-verdict.ts";
import type { Gate, Scenario } from "../scenario.ts";

/** What a scenario's gates against a variant ask of its number of blocks. */
export interface GateBlocks {
  /** Comparisons that may fail: one for each gate and variant that it is held against. */
  readonly comparisons: number;
  /** With fewer blocks none of them can fail: their least p, for all of them together, is above 1 %. */
  readonly canFail: number;
  /** With so many, one still fails when the smallest differences point the other way: see `blocksToFind`. */
  readonly findsChange: number;
}

/** null for a scenario that has no such gate. */
export function countGateBlocks({ gates, variants }: GatedScenario): GateBlocks | null {
  const own = variants.find(({ baseline }) => baseline)?.name;
  const comparisons = gates.reduce((sum, gate) => sum + countCandidates(gate, variants, own), 0);
  if (comparisons === 0) return null;
  return {
    comparisons,
    canFail: blocksNeeded(comparisons),
    findsChange: blocksToFind(comparisons),
  };
}

type GatedScenario = Pick<Scenario, "gates" | "variants">;

function countCandidates(
  { bound, variant }: Gate,
  variants: GatedScenario["variants"],
  own: string | undefined,
): number {
  if (bound.kind !== "against") return 0;
  const reference = bound.baseline === "baseline" ? own : bound.baseline;
  return variants.filter(({ name }) => name !== reference && (variant ?? name) === name).length;
}

/** Ways to flip signs with a signed-rank sum of at most 3: none, {1}, {2}, {3}, {1, 2}. */
const SMALL_FLIPS = 5;

/**
 * The blocks with which one of `family` comparisons is significant even when the smallest differences, up to a rank sum
 * of 3, point the other way. By simulation on stored noise that finds a change of twice the margin in 99 of 100 runs.
 */
export function blocksToFind(family: number): number {
  return blocksNeeded(SMALL_FLIPS * Math.max(1, family));
}
