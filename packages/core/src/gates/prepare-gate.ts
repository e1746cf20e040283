import { compareVariants } from "../compare-variants.ts";
import type { Comparison } from "../comparison/comparison.ts";
import type { MeasuredTrial, MetricKey } from "../comparison/read-measurement.ts";
import { describeMetric } from "../metrics.ts";
import type { Gate } from "../scenario.ts";
import { invalid, type Judgement, judgeBound } from "./judge-bound.ts";
import { parseGateMetric } from "./parse-gate-metric.ts";

/** The trials of one variant, whatever became of them. */
export interface MeasuredVariant {
  readonly name: string;
  readonly trials: readonly MeasuredTrial[];
}

/** Another run, or an exported one, that `against: baseline` means; its variants are matched by name. */
export interface StoredBaseline {
  readonly variants: readonly MeasuredVariant[];
  /** Facts in which its environment differs without an excuse; see `compareFingerprints`. */
  readonly differences: readonly string[];
}

export interface GateInput {
  readonly gates: readonly Gate[];
  readonly variants: readonly MeasuredVariant[];
  /** Name of the run's own baseline variant. */
  readonly baseline: string;
  readonly stored?: StoredBaseline;
}

/** A gate for one variant: judged, or compared and waiting for the p of all the others. */
export type Draft =
  | {
      readonly kind: "judged";
      readonly gate: Gate;
      readonly variant: string | null;
      readonly judgement: Judgement;
    }
  | {
      readonly kind: "compared";
      readonly gate: Gate;
      readonly variant: string;
      readonly baseline: string;
      readonly comparison: Comparison;
      readonly worseBy: number;
    };

/** One draft for each variant that the gate names; at least one, so that no gate is lost in silence. */
export function prepareGate(gate: Gate, input: GateInput): Draft[] {
  const judged = (variant: string | null, judgement: Judgement): Draft => {
    return { kind: "judged", gate, variant, judgement };
  };
  const metric = parseGateMetric(gate.metric, listMeasured(input.variants));
  if (!metric.known) {
    const hint = metric.suggestion === null ? "" : `; did you mean ${metric.suggestion}?`;
    return [judged(gate.variant, invalid(`${gate.metric}: ${metric.problem}${hint}`))];
  }
  const named = input.variants.filter(({ name }) => gate.variant === null || name === gate.variant);
  if (named.length === 0) return [judged(gate.variant, invalid("the run has no such variant"))];
  const { bound } = gate;
  if (bound.kind !== "against") {
    return named.map(({ name, trials }) => judged(name, judgeBound(trials, metric.key, bound)));
  }
  if (describeMetric(metric.key.metric)?.better === "neither") {
    const reason = "neither direction of this metric is worse; use max, min or equals";
    return named.map(({ name }) => judged(name, invalid(reason)));
  }
  const others = named.filter(({ name }) => name !== ownReference(bound.baseline, input));
  if (others.length === 0)
    return [judged(gate.variant, invalid("no variant but the baseline itself"))];
  return others.map((variant) => {
    const reference = findReference(bound.baseline, variant.name, input);
    if (typeof reference === "string") return judged(variant.name, invalid(reference));
    const refusal = reference.isStored ? refuseStored(metric.key, input) : null;
    if (refusal !== null) return judged(variant.name, invalid(refusal, "not-comparable"));
    const comparison = compareOne(reference, variant, metric.key);
    const { worseBy } = bound;
    const baseline = reference.name;
    return { kind: "compared", gate, variant: variant.name, baseline, comparison, worseBy };
  });
}

function* listMeasured(variants: readonly MeasuredVariant[]): Generator<string> {
  for (const { trials } of variants) {
    for (const { measurements } of trials) {
      for (const { role, metric } of measurements) yield `${role}.${metric}`;
    }
  }
}

interface Reference extends MeasuredVariant {
  readonly isStored: boolean;
}

/** The variant of this run that others are held against; null when a stored run takes its place. */
function ownReference(baseline: string, { stored, ...input }: GateInput): string | null {
  if (baseline !== "baseline") return baseline;
  return stored === undefined ? input.baseline : null;
}

/** What a variant is compared with, or why there is nothing. */
function findReference(baseline: string, variant: string, input: GateInput): Reference | string {
  const own = ownReference(baseline, input);
  const isStored = own === null;
  const found = isStored
    ? input.stored?.variants.find(({ name }) => name === variant)
    : input.variants.find(({ name }) => name === own);
  if (found !== undefined) return { ...found, isStored };
  return isStored ? `the baseline run has no variant ${variant}` : `the run has no variant ${own}`;
}

function compareOne(reference: Reference, variant: MeasuredVariant, key: MetricKey): Comparison {
  const design = reference.isStored ? "runs" : "blocks";
  const [comparison] = compareVariants(reference.trials, variant.trials, {
    design,
    metrics: [key],
  });
  return comparison as Comparison;
}

/** A stored baseline from a different environment says nothing of any metric that depends on its speed. */
function refuseStored({ metric }: MetricKey, { stored }: GateInput): string | null {
  const differences = stored?.differences ?? [];
  if (differences.length === 0 || isSpeedIndependent(metric)) return null;
  return `the baseline was made in another environment (${differences.join(", ")})`;
}

/** Whether a metric is a count of harmful events per connection, which a faster machine does not change. */
export function isSpeedIndependent(metric: string): boolean {
  const description = describeMetric(metric);
  return description?.class === "count" && description.better === "lower";
}
