import { collectWarnings, warn } from "./comparison/collect-warnings.ts";
import { estimateBudget } from "./comparison/compare-budget.ts";
import { estimatePairs } from "./comparison/compare-pairs.ts";
import type { Comparison, ComparisonGap } from "./comparison/comparison.ts";
import { countTail } from "./comparison/count-tail.ts";
import { listMetrics } from "./comparison/list-metrics.ts";
import { EVENT_BUDGET, METRIC_MARGINS } from "./comparison/metric-margins.ts";
import {
  type PairingDesign,
  pairTrials,
  readPairs,
  type TrialPair,
  type ValuePair,
} from "./comparison/pair-blocks.ts";
import { type MeasuredTrial, readCompleted } from "./comparison/read-measurement.ts";
import type { MetricKey } from "./metric-key.ts";
import { describeMetric, type MetricDescription } from "./metrics.ts";
import { overdispersion } from "./statistics/overdispersion.ts";
import { median } from "./statistics/quantile.ts";
import { expectValue } from "./statistics/statistic.ts";

export interface CompareOptions {
  /** `blocks` for two variants of one run (the default), `runs` for two runs. */
  readonly design?: PairingDesign;
  /** Only these metrics, in this order; else every metric that either side measured. */
  readonly metrics?: readonly MetricKey[];
  /** Events per connection that are tolerated where the baseline has none; 1e-5. */
  readonly budget?: number;
}

/**
 * Compares a candidate with its baseline, metric by metric, in the order of `METRICS`. One completed trial is one
 * observation, and trials of one block are paired. This measures; `decideVerdicts` judges.
 */
export function compareVariants(
  baseline: readonly MeasuredTrial[],
  candidate: readonly MeasuredTrial[],
  options: CompareOptions = {},
): Comparison[] {
  const design = options.design ?? "blocks";
  const [from, to] = [readCompleted(baseline), readCompleted(candidate)];
  const context: Context = {
    pairs: pairTrials(from, to, design),
    design,
    planned: countPlanned(baseline, candidate, design),
    budget: options.budget ?? EVENT_BUDGET,
    isOneSided: from.length === 0 || to.length === 0,
  };
  const keys = options.metrics ?? listMetrics([...baseline, ...candidate]);
  return keys.map((key) => compareMetric(key, context));
}

interface Context {
  readonly pairs: readonly TrialPair[];
  readonly design: PairingDesign;
  readonly planned: number;
  readonly budget: number;
  readonly isOneSided: boolean;
}

/** Blocks that were meant to be compared. */
function countPlanned(
  baseline: readonly MeasuredTrial[],
  candidate: readonly MeasuredTrial[],
  design: PairingDesign,
): number {
  if (design === "runs") return Math.max(baseline.length, candidate.length);
  return new Set([...baseline, ...candidate].map(({ block }) => block)).size;
}

function compareMetric(key: MetricKey, context: Context): Comparison {
  const description = describeMetric(key.metric) ?? UNKNOWN_METRIC;
  const read = readPairs(context.pairs, key);
  const tail = countTail(context.pairs, key.metric);
  const head = { ...describeHead(key, description, read.values), tail };
  const gap = context.isOneSided ? "no-completed-trial" : read.gap;
  if (gap !== null) return { ...head, ...noComparison(gap) };
  return compareValues(read.values, head, context) ?? { ...head, ...noComparison("not-finite") };
}

/** By budget where no trial of the baseline has a harmful event, else by the differences within blocks. */
function compareValues(
  values: readonly ValuePair[],
  head: Head,
  context: Context,
): Comparison | null {
  const warnings = collectWarnings(head, values, context);
  const zeroBaseline = values.every(({ baseline }) => baseline === 0);
  if (head.class === "count" && head.better === "lower" && zeroBaseline) {
    const estimate = estimateBudget(values, {
      budget: context.budget,
      dispersion: head.dispersion,
    });
    if (estimate !== null) {
      return {
        ...head,
        basis: "budget",
        ...estimate,
        effect: null,
        low: null,
        high: null,
        warnings,
      };
    }
  }
  const estimate = estimatePairs(values, head.class);
  if (estimate === null) return null;
  if (isFlat(estimate.differences)) warnings.push(warn("no-spread"));
  return { ...head, basis: "paired", ...estimate, warnings };
}

function isFlat(differences: readonly number[]): boolean {
  const [first] = differences;
  if (differences.length < 2 || first === 0) return false;
  return differences.every((difference) => difference === first);
}

type Missing = Extract<Comparison, { basis: "none" }>;
type Gap = Pick<Missing, "basis" | "gap" | "effect" | "low" | "high" | "p" | "a12" | "warnings">;
type Head = Omit<Missing, keyof Gap>;

function noComparison(gap: ComparisonGap): Gap {
  const nothing = { effect: null, low: null, high: null, p: null, a12: null };
  return { basis: "none", gap, ...nothing, warnings: [] };
}

/** A metric of another version of churnlab: shown, never judged. */
const UNKNOWN_METRIC = { unit: "", better: "neither", class: "gauge" } as const;

function describeHead(
  { role, metric }: MetricKey,
  { unit, better, class: metricClass }: Pick<MetricDescription, "unit" | "better" | "class">,
  values: readonly ValuePair[],
): Omit<Head, "tail"> {
  const baseline = values.map((pair) => pair.baseline);
  const candidate = values.map((pair) => pair.candidate);
  const isCount = metricClass === "count";
  return {
    role,
    metric,
    unit,
    better,
    class: metricClass,
    margin: METRIC_MARGINS[metricClass],
    n: values.length,
    baselineMedian: values.length === 0 ? null : expectValue(median(baseline)),
    candidateMedian: values.length === 0 ? null : expectValue(median(candidate)),
    dispersion: {
      baseline: isCount
        ? disperse(
            baseline,
            values.map((pair) => pair.baselineExposure),
          )
        : null,
      candidate: isCount
        ? disperse(
            candidate,
            values.map((pair) => pair.candidateExposure),
          )
        : null,
    },
  };
}

function disperse(counts: readonly number[], exposures: readonly (number | null)[]): number | null {
  const phi = overdispersion(
    counts,
    exposures.map((exposure) => exposure ?? 1),
  );
  return phi.defined ? phi.value : null;
}
