import {
  type MeasuredTrial,
  readCompleted,
  readMeasurement,
} from "../comparison/read-measurement.ts";
import { formatApart } from "../format-number.ts";
import type { MetricKey } from "../metric-key.ts";
import type { Gate } from "../scenario.ts";
import type { GateCause, GateEvidence, GateOutcome } from "./gate-result.ts";

export type FixedBound = Extract<Gate["bound"], { readonly value: number }>;

export interface Judgement {
  readonly outcome: GateOutcome;
  readonly reason: string;
  readonly evidence: GateEvidence;
}

/**
 * Holds every completed trial of a variant against a fixed bound: one that breaks it fails the gate, however good the
 * others are. A trial without the metric makes the gate invalid, unless another one breaks it.
 */
export function judgeBound(
  trials: readonly MeasuredTrial[],
  key: MetricKey,
  bound: FixedBound,
): Judgement {
  const completed = readCompleted(trials);
  if (completed.length === 0) return invalid("no trial of this variant completed");
  const judged: Observation[] = [];
  for (const trial of completed) {
    const reading = readMeasurement(trial, key);
    if (reading.kind === "absent") continue;
    if (reading.kind === "value" && !Number.isFinite(reading.value)) continue;
    const value = reading.kind === "never" ? Number.POSITIVE_INFINITY : reading.value;
    judged.push({ block: trial.block, value, excess: excessOf(value, bound) });
  }
  const [worst] = judged.toSorted((a, b) => b.excess - a.excess);
  if (worst === undefined) return invalid("no completed trial measured it");
  const violations = judged.filter(({ excess }) => excess > 0).length;
  const unmeasured = completed.length - judged.length;
  if (violations === 0 && unmeasured > 0) {
    return invalid(`${unmeasured} of ${completed.length} completed trials did not measure it`);
  }
  const shown = Number.isFinite(worst.value) ? worst.value : "never";
  return {
    outcome: violations > 0 ? "fail" : "pass",
    reason: describeBound(shown, bound, { violations, trials: judged.length }),
    evidence: {
      kind: "bound",
      worst: shown,
      worstBlock: worst.block,
      trials: judged.length,
      violations,
    },
  };
}

interface Observation {
  readonly block: number;
  readonly value: number;
  /** How far beyond the bound; at most 0 when it is kept. */
  readonly excess: number;
}

/** An event that never happened is later than any time, so it keeps a `min` and breaks a `max`. */
function excessOf(value: number, { kind, value: limit }: FixedBound): number {
  if (kind === "max") return value - limit;
  return kind === "min" ? limit - value : Math.abs(value - limit);
}

const BOUND_WORDS = { max: "at most", min: "at least", equals: "exactly" } as const;

function describeBound(
  worst: number | "never",
  { kind, value }: FixedBound,
  { violations, trials }: { readonly violations: number; readonly trials: number },
): string {
  const [bound = "", observed = "it never happened"] = formatApart(
    worst === "never" ? [value] : [value, worst],
  );
  const limit = `${BOUND_WORDS[kind]} ${bound}`;
  if (trials === 1) return `${observed}, ${violations > 0 ? "must be " : ""}${limit} (1 trial)`;
  if (violations > 0) {
    const verb = violations === 1 ? "breaks" : "break";
    return `${observed}, must be ${limit} (${violations} of ${trials} trials ${verb} it)`;
  }
  return `${observed}, ${limit} in all ${trials} trials`;
}

export function invalid(reason: string, cause: GateCause = "not-measured"): Judgement {
  return { outcome: "invalid", reason, evidence: { kind: "none", cause } };
}
