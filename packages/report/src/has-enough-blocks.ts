import {
  BLOCK_LOOKS,
  blocksNeeded,
  type Comparison,
  compareVariants,
  countGateBlocks,
  describeMetric,
  METRIC_MARGINS,
  type MeasuredTrial,
  minOf,
  nameMetric,
  type Scenario,
  shouldAddBlocks,
} from "@churnlab/core";
import { selectHeadlines } from "./compare-run.ts";
import { isKeyMetric, isMainMetric } from "./metric-groups.ts";

/** A trial of a run that goes on. */
export interface RunningTrial extends MeasuredTrial {
  readonly variant: string;
}

/**
 * Whether a run with `replicates: auto` may end after these trials. It may at a look, when so many blocks can bear a
 * verdict on all gates against a variant, or without such gates on all that is shown of one variant, and the interval of every
 * deciding metric is as narrow as its margin asks. Only the width is looked at, never the difference, so looking raises
 * no false alarm (see `shouldAddBlocks`).
 */
export function hasEnoughBlocks(scenario: Scenario, trials: readonly RunningTrial[]): boolean {
  const blocks = new Set(trials.map(({ block }) => block)).size;
  if (!BLOCK_LOOKS.some((look) => look === blocks)) return false;
  const baseline = scenario.variants.find((variant) => variant.baseline)?.name;
  const trialsOf = (name: string | undefined): RunningTrial[] =>
    trials.filter(({ variant }) => variant === name);
  const candidates = scenario.variants.filter(({ name }) => name !== baseline);
  return candidates.every(({ name }) => {
    const comparisons = compareVariants(trialsOf(baseline), trialsOf(name));
    if (blocks < blocksToJudge(scenario, comparisons)) return false;
    return comparisons
      .flatMap((comparison) => decide(scenario, name, comparison))
      .every(({ differences, margin }) => !shouldAddBlocks(differences, margin, blocks));
  });
}

function blocksToJudge(scenario: Scenario, comparisons: readonly Comparison[]): number {
  const gated = countGateBlocks(scenario);
  if (gated !== null) return gated.canFail;
  const shown = selectHeadlines(comparisons).filter(({ better }) => better !== "neither");
  return blocksNeeded(shown.length);
}

interface Deciding {
  readonly differences: readonly number[];
  readonly margin: number;
}

/** With the margin that the narrowest gate gives it; without gates against a variant, rates and middle latencies decide. */
function decide(scenario: Scenario, variant: string, comparison: Comparison): Deciding[] {
  if (comparison.basis !== "paired" || comparison.scale !== "log-ratio") return [];
  const { differences, role, metric } = comparison;
  const against = scenario.gates.flatMap(({ bound, ...gate }) =>
    bound.kind === "against" ? [{ ...gate, margin: bound.worseBy }] : [],
  );
  const margins = against
    .filter((gate) => gate.metric === nameMetric({ role, metric }))
    .filter((gate) => gate.variant === null || gate.variant === variant)
    .map(({ margin }) => margin);
  if (margins.length > 0) return [{ differences, margin: minOf(margins) }];
  if (against.length > 0 || !decidesByItself(metric)) return [];
  return [{ differences, margin: METRIC_MARGINS[describeMetric(metric)?.class ?? "gauge"] }];
}

function decidesByItself(metric: string): boolean {
  return (
    isMainMetric(metric) ||
    (isKeyMetric(metric) && describeMetric(metric)?.class === "latency-middle")
  );
}
