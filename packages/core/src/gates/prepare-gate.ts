import { compareVariants } from "../compare-variants.ts";
import type { Comparison } from "../comparison/comparison.ts";
import type { MeasuredTrial } from "../comparison/read-measurement.ts";
import { type MetricKey, nameMetric } from "../metric-key.ts";
import { describeMetric } from "../metrics.ts";
import type { VariantModel } from "../port-model/list-model-bounds.ts";
import type { Gate } from "../scenario.ts";
import { invalid, type Judgement, judgeBound } from "./judge-bound.ts";
import { judgeModel } from "./judge-model.ts";
import { parseGateMetric } from "./parse-gate-metric.ts";

/** The trials of one variant, whatever became of them. */
export interface MeasuredVariant {
  readonly name: string;
  readonly trials: readonly MeasuredTrial[];
}

/** A variant of a baseline that was made before. */
export interface StoredVariant extends MeasuredVariant {
  /** Facts of its environment and its scenario that differ without an excuse; see `compareFingerprints`. */
  readonly differences: readonly string[];
  /** Whether its arrivals follow a schedule, so that the machine does not decide how many there are. */
  readonly isScheduled: boolean;
}

/** Another run, or an exported one, that `against: baseline` means; its variants are matched by name. */
export interface StoredBaseline {
  readonly variants: readonly StoredVariant[];
}

export interface GateInput {
  readonly gates: readonly Gate[];
  readonly variants: readonly MeasuredVariant[];
  /** Name of the run's own baseline variant. */
  readonly baseline: string;
  readonly stored?: StoredBaseline;
  /** What the port model says of each variant, by name; gates against it are invalid where it is absent. */
  readonly models?: ReadonlyMap<string, VariantModel>;
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
  if (bound.kind === "model") {
    const modelGate = { key: metric.key, within: bound.within };
    return named.map(({ name, trials }) =>
      judged(name, judgeModel(trials, modelGate, input.models?.get(name) ?? NO_MODEL)),
    );
  }
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
    const refusal = refuseStored(metric.key, reference);
    if (refusal !== null) return judged(variant.name, invalid(refusal, "not-comparable"));
    const { worseBy, budget } = bound;
    const comparison = compareOne(reference, variant, { key: metric.key, budget });
    const baseline = reference.name;
    return { kind: "compared", gate, variant: variant.name, baseline, comparison, worseBy };
  });
}

const NO_MODEL: VariantModel = { bounds: [], reason: null };

function* listMeasured(variants: readonly MeasuredVariant[]): Generator<string> {
  for (const { trials } of variants) {
    for (const { measurements } of trials) {
      for (const { role, metric } of measurements) yield nameMetric({ role, metric });
    }
  }
}

interface Reference extends MeasuredVariant {
  /** The same variant of a stored baseline; null for one of this run. */
  readonly stored: StoredVariant | null;
}

/** The variant of this run that others are held against; null when a stored run takes its place. */
function ownReference(baseline: string, { stored, ...input }: GateInput): string | null {
  if (baseline !== "baseline") return baseline;
  return stored === undefined ? input.baseline : null;
}

/** What a variant is compared with, or why there is nothing. */
function findReference(baseline: string, variant: string, input: GateInput): Reference | string {
  const own = ownReference(baseline, input);
  if (own === null) {
    const stored = input.stored?.variants.find(({ name }) => name === variant);
    if (stored === undefined) return `the baseline run has no variant ${variant}`;
    return { name: stored.name, trials: stored.trials, stored };
  }
  const found = input.variants.find(({ name }) => name === own);
  return found === undefined ? `the run has no variant ${own}` : { ...found, stored: null };
}

interface Compared {
  readonly key: MetricKey;
  readonly budget: number | undefined;
}

function compareOne(
  reference: Reference,
  variant: MeasuredVariant,
  { key, budget }: Compared,
): Comparison {
  const design = reference.stored !== null ? "runs" : "blocks";
  const [comparison] = compareVariants(reference.trials, variant.trials, {
    design,
    metrics: [key],
    ...(budget === undefined ? {} : { budget }),
  });
  return comparison as Comparison;
}

/**
 * A stored baseline from another environment says nothing of a metric that depends on its speed, and one of another
 * scenario nothing at all.
 */
function refuseStored(key: MetricKey, { stored }: Reference): string | null {
  if (stored === null || stored.differences.length === 0) return null;
  const { differences, isScheduled } = stored;
  const places = differences.filter((fact) => !isOfScenario(fact));
  const listed = differences.map((fact) => fact.replace("scenario.", "")).join(", ");
  if (places.length < differences.length) {
    return `the baseline is not of the same scenario and environment (${listed})`;
  }
  if (isScheduled && isSpeedIndependent(key.metric) && places.every(isOfSpeed)) return null;
  return `the baseline was made in another environment (${listed})`;
}

function isOfScenario(fact: string): boolean {
  return fact.startsWith("scenario.");
}

/**
 * Counts that the port model gives exactly from a schedule of arrivals, the port range and the bucket limit: when a port or
 * a TIME_WAIT bucket is free again is a matter of TCP_TIMEWAIT_LEN (60 s), not of the machine. Resets, overflows of a
 * listen queue, retransmissions, drops and time-outs all depend on how fast a side is.
 */
const SPEED_INDEPENDENT: ReadonlySet<string> = new Set([
  "failures.EADDRNOTAVAIL",
  "failures.EADDRINUSE",
  "tcpext.TCPTimeWaitOverflow",
]);

/** Whether a metric is a count that a faster machine does not change, where arrivals follow a schedule. */
export function isSpeedIndependent(metric: string): boolean {
  return SPEED_INDEPENDENT.has(metric);
}

const FACTS_OF_SPEED = /^(?:kernel|cpu|memory|node)\.|^(?:hz|distribution|hypervisor|container)$/;

/** Facts that make a machine faster or slower and decide no limit; a sysctl of a role is none. */
function isOfSpeed(fact: string): boolean {
  return FACTS_OF_SPEED.test(fact);
}
