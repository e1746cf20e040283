import { a12 } from "../statistics/a12.ts";
import { poissonLowerBound, poissonUpperBound } from "../statistics/poisson-bounds.ts";
import { signFlipP } from "../statistics/sign-flip-p.ts";
import { expectValue } from "../statistics/statistic.ts";
import { DISPERSION_MAX } from "./collect-warnings.ts";
import type { BudgetComparison } from "./comparison.ts";
import type { ValuePair } from "./pair-blocks.ts";

/** Of each of the two bounds. */
const BOUND_CONFIDENCE = 0.95;

/** What the candidate's events alone decide, where the baseline has none. */
export type BudgetEstimate = Pick<
  BudgetComparison,
  "events" | "exposure" | "budget" | "lowest" | "highest" | "p" | "a12"
>;

/** Events that come together say less than their number: a Poisson bound of them is too narrow. */
export function isBursty({ dispersion }: Pick<BudgetComparison, "dispersion">): boolean {
  return (dispersion.candidate ?? 0) >= DISPERSION_MAX;
}

/**
 * The two-sided p of "both sides have events equally often", given that all of them fell on the candidate. Calm events
 * fall on a side like coins, with the share of all connections that it made (Przyborowski and Wilenski 1940).
 */
function chanceOfOneSide(pairs: readonly ValuePair[], events: number): number {
  const candidate = sumOf(pairs.map(({ candidateExposure }) => candidateExposure));
  const baseline = sumOf(pairs.map(({ baselineExposure }) => baselineExposure));
  return Math.min(1, 2 * (candidate / (baseline + candidate)) ** events);
}

/**
 * Bounds of the mean of events whose variance is φ times that of Poisson's: φ times those of the number of bursts, events/φ
 * (quasi-likelihood, McCullagh and Nelder 1989, §9.2), which is rounded away from the events, so that they only widen.
 */
function boundEvents(
  events: number,
  phi: number,
): { readonly lowest: number; readonly highest: number } | null {
  const lowest = poissonLowerBound(Math.floor(events / phi), BOUND_CONFIDENCE);
  const highest = poissonUpperBound(Math.ceil(events / phi), BOUND_CONFIDENCE);
  if (!lowest.defined || !highest.defined) return null;
  return { lowest: phi * lowest.value, highest: phi * highest.value };
}

function sumOf(values: readonly (number | null)[]): number {
  return values.reduce<number>((total, value) => total + (value ?? 0), 0);
}

/** null when the counts are not out of anything, or are not counts: then no budget applies. */
export function estimateBudget(
  pairs: readonly ValuePair[],
  { budget, dispersion }: Pick<BudgetComparison, "budget" | "dispersion">,
): BudgetEstimate | null {
  const exposures = pairs.map(({ candidateExposure }) => candidateExposure);
  if (!exposures.every((exposure) => exposure !== null)) return null;
  const exposure = sumOf(exposures);
  const events = sumOf(pairs.map(({ candidate }) => candidate));
  const bounds = boundEvents(events, isBursty({ dispersion }) ? (dispersion.candidate ?? 1) : 1);
  if (bounds === null) return null;
  return {
    events,
    exposure,
    budget,
    lowest: bounds.lowest / exposure,
    highest: bounds.highest / exposure,
    p: isBursty({ dispersion })
      ? expectValue(signFlipP(pairs.map(({ candidate }) => candidate)))
      : chanceOfOneSide(pairs, events),
    a12: expectValue(
      a12(
        pairs.map(({ candidate }) => candidate),
        pairs.map(({ baseline }) => baseline),
      ),
    ),
  };
}
