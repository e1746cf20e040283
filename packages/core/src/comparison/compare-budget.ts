import { a12 } from "../statistics/a12.ts";
import { poissonLowerBound, poissonUpperBound } from "../statistics/poisson-bounds.ts";
import { signFlipP } from "../statistics/sign-flip-p.ts";
import { expectValue } from "../statistics/statistic.ts";
import type { BudgetComparison } from "./comparison.ts";
import type { ValuePair } from "./pair-blocks.ts";

/** Of each of the two bounds. */
const BOUND_CONFIDENCE = 0.95;

/** What the candidate's events alone decide, where the baseline has none. */
export type BudgetEstimate = Pick<
  BudgetComparison,
  "events" | "exposure" | "budget" | "lowest" | "highest" | "p" | "a12"
>;

/** null when the counts are not out of anything, or are not counts: then no budget applies. */
export function estimateBudget(pairs: readonly ValuePair[], budget: number): BudgetEstimate | null {
  const exposures = pairs.map(({ candidateExposure }) => candidateExposure);
  if (!exposures.every((exposure) => exposure !== null)) return null;
  const exposure = exposures.reduce((sum, value) => sum + value, 0);
  const events = pairs.reduce((sum, { candidate }) => sum + candidate, 0);
  const lowest = poissonLowerBound(events, BOUND_CONFIDENCE);
  const highest = poissonUpperBound(events, BOUND_CONFIDENCE);
  if (!lowest.defined || !highest.defined) return null;
  const differences = pairs.map(({ baseline, candidate }) => candidate - baseline);
  return {
    events,
    exposure,
    budget,
    lowest: lowest.value / exposure,
    highest: highest.value / exposure,
    p: expectValue(signFlipP(differences)),
    a12: expectValue(
      a12(
        pairs.map(({ candidate }) => candidate),
        pairs.map(({ baseline }) => baseline),
      ),
    ),
  };
}
