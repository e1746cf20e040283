import { BLOCKS_MIN } from "./comparison/collect-warnings.ts";
import { isBursty } from "./comparison/compare-budget.ts";
import {
  type BudgetComparison,
  COMPARISON_GAPS,
  type Comparison,
  type MissingComparison,
  type PairedComparison,
} from "./comparison/comparison.ts";
import { doubtTail } from "./comparison/count-tail.ts";
import { describeEvents, describeShare } from "./comparison/describe-events.ts";
import { doubtBlocks } from "./comparison/doubt-blocks.ts";
import { isBetter, isWithinMargin, isWorse, orientEffect } from "./comparison/orient-effect.ts";
import { holmAdjust } from "./statistics/holm-adjust.ts";

export const VERDICT_KINDS = [
  "better",
  "worse",
  "no-difference",
  "inconclusive",
  "invalid",
] as const;

/**
 * `no-difference`: the 90 % interval lies within the margin. `inconclusive`: the trials cannot tell. `invalid`: there is
 * nothing valid to judge.
 */
export type VerdictKind = (typeof VERDICT_KINDS)[number];

export interface Verdict {
  readonly kind: VerdictKind;
  /** Why this verdict and no other, as a clause. */
  readonly reason: string;
  /** p, adjusted for all comparisons that were judged together; null where none was needed. */
  readonly adjustedP: number | null;
}

/**
 * The chance of even one false `better` or `worse` among the comparisons of one family, or of one false failure among
 * the gates of a run. Both are looked at after every run: at 5 % a nightly run would raise a false alarm each month.
 */
export const ALPHA = 0.01;

/**
 * Judges the comparisons of one family: all that are shown together of one variant. `worse` and `better` need a p that holds
 * for the whole family (Holm), `no-difference` does not (Berger 1982, intersection-union test).
 */
export function decideVerdicts(
  comparisons: readonly Comparison[],
  alpha: number = ALPHA,
): Verdict[] {
  const adjusted = adjustFamily(comparisons);
  const family = adjusted.filter((p) => p !== null).length;
  return comparisons.map((comparison, i) =>
    decideVerdict(comparison, { adjustedP: adjusted[i] ?? null, family, alpha }),
  );
}

/**
 * Holm-adjusted p of every comparison that could be called better or worse; null for the others. A comparison without
 * any difference has p = 1 in every order of signs, so leaving it out of the family costs no certainty.
 */
export function adjustFamily(comparisons: readonly Comparison[]): (number | null)[] {
  const judged = comparisons.map((comparison) =>
    canBeSignificant(comparison) ? comparison.p : null,
  );
  const adjusted = holmAdjust(judged.filter((p) => p !== null));
  let next = 0;
  return judged.map((p) => (p === null ? null : (adjusted[next++] ?? null)));
}

function canBeSignificant(comparison: Comparison): boolean {
  if (comparison.basis === "none" || comparison.better === "neither") return false;
  if (doubtTail(comparison) !== null) return false;
  if (comparison.basis === "budget") return comparison.events > 0;
  return comparison.differences.some((difference) => difference !== 0);
}

export interface VerdictOptions {
  readonly adjustedP: number | null;
  /** How many comparisons were judged together. */
  readonly family: number;
  readonly alpha?: number;
}

/** Judges one comparison with the p that its family leaves it. */
export function decideVerdict(comparison: Comparison, options: VerdictOptions): Verdict {
  const verdict = (kind: VerdictKind, reason: string): Verdict => ({
    kind,
    reason,
    adjustedP: options.adjustedP,
  });
  if (comparison.basis === "none") return verdict(...judgeMissing(comparison));
  const doubt = doubtBlocks(comparison) ?? doubtTail(comparison);
  if (doubt !== null) return verdict("inconclusive", doubt);
  if (comparison.basis === "budget") return verdict(...judgeBudget(comparison, options));
  return verdict(...judgePaired(comparison, options));
}

type Judgement = readonly [kind: VerdictKind, reason: string];

const INVALID_GAPS: ReadonlySet<string> = new Set(["no-completed-trial", "no-pair", "not-finite"]);

function judgeMissing({ gap }: MissingComparison): Judgement {
  return [INVALID_GAPS.has(gap) ? "invalid" : "inconclusive", COMPARISON_GAPS[gap]];
}

function judgePaired(comparison: PairedComparison, options: VerdictOptions): Judgement {
  const oriented = orientEffect(comparison, comparison.margin);
  if (oriented === null) {
    return ["inconclusive", "neither direction of this metric is better: shown, not judged"];
  }
  const worse = isWorse(oriented);
  if (worse || isBetter(oriented)) {
    const doubt = doubtSignificance(comparison.n, options);
    if (doubt !== null) return ["inconclusive", doubt];
    return [
      worse ? "worse" : "better",
      "the interval excludes no change, and the change reaches the margin",
    ];
  }
  if (isWithinMargin(oriented) && -oriented.low < oriented.margin) {
    return ["no-difference", "the interval lies within the margin"];
  }
  return [
    "inconclusive",
    "the interval reaches beyond the margin, or the change does not reach it",
  ];
}

function judgeBudget(comparison: BudgetComparison, options: VerdictOptions): Judgement {
  const { lowest, highest, budget } = comparison;
  const found = describeEvents(comparison);
  const allowed = `the budget of ${describeShare(budget)}`;
  if (highest <= budget) return ["no-difference", `${found}, within ${allowed}`];
  if (isUnseen(comparison)) {
    return ["inconclusive", `${found}, which is too few connections to show ${allowed} kept`];
  }
  if (lowest <= budget) return ["inconclusive", `${found}, may or may not exceed ${allowed}`];
  // The baseline may have none by luck: two events against none come by chance in every second pair of equal variants.
  const doubt = doubtBudget(comparison, options);
  return doubt === null ? ["worse", `${found}, more than ${allowed}`] : ["inconclusive", doubt];
}

/** Whether neither side has any event: nothing speaks for a difference, and the bound says how much speaks against. */
export function isUnseen({ events }: Pick<BudgetComparison, "events">): boolean {
  return events === 0;
}

/** Calm events need enough of them; events in bursts need enough blocks that have one. */
function doubtBudget(comparison: BudgetComparison, options: VerdictOptions): string | null {
  if (isBursty(comparison)) return doubtSignificance(comparison.n, options);
  const { adjustedP, alpha = ALPHA } = options;
  if (adjustedP !== null && adjustedP < alpha) return null;
  return `so few events may all fall on one side by chance (adjusted p = ${(adjustedP ?? 1).toPrecision(2)})`;
}

/** Why a change cannot be called significant in its family; null when it can. */
export function doubtSignificance(
  n: number,
  { adjustedP, family, alpha = ALPHA }: VerdictOptions,
): string | null {
  if (adjustedP !== null && adjustedP < alpha) return null;
  const needed = blocksNeeded(family, alpha);
  const among = family > 1 ? ` of one among ${family} comparisons` : "";
  if (n < needed) return `need ≥ ${needed} blocks to be sure${among}`;
  return `a change like this comes by chance too often (adjusted p = ${(adjustedP ?? 1).toPrecision(2)})`;
}

/** The least number of blocks with which one of `family` comparisons can be significant: 2/2ⁿ · family < α. */
export function blocksNeeded(family: number, alpha: number = ALPHA): number {
  return Math.max(BLOCKS_MIN, Math.floor(Math.log2((2 * Math.max(1, family)) / alpha)) + 1);
}
