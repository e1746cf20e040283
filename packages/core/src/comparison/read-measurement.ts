import type { Measurement } from "../measurement.ts";
import type { Role } from "../role.ts";
import type { TrialState } from "../trial.ts";

/** A trial as a comparison or a gate sees it: what was measured, and whether it may be used. */
export interface MeasuredTrial {
  /** Trials of one block ran back to back; they are compared with each other. */
  readonly block: number;
  readonly state: TrialState;
  readonly measurements: readonly Measurement[];
}

export interface MetricKey {
  readonly role: Role;
  /** Without the role: `time_wait.peak`. */
  readonly metric: string;
}

/** A trial whose measurements are found by role and name. */
export interface ReadableTrial {
  readonly block: number;
  readonly values: Readonly<Record<Role, ReadonlyMap<string, number>>>;
}

/** What a trial says of a metric: a number, that the event did not happen at all, or nothing. */
export type Reading =
  | { readonly kind: "value"; readonly value: number }
  | { readonly kind: "never" }
  | { readonly kind: "absent" };

/** The completed trials, in block order. Only these may be judged. */
export function readCompleted(trials: readonly MeasuredTrial[]): ReadableTrial[] {
  return trials
    .filter(({ state }) => state === "completed")
    .map(toReadable)
    .toSorted((a, b) => a.block - b.block);
}

/** Kept as long as the trial itself: a baseline is compared with every other variant. */
const READABLE = new WeakMap<MeasuredTrial, ReadableTrial>();

function toReadable(trial: MeasuredTrial): ReadableTrial {
  const known = READABLE.get(trial);
  if (known !== undefined) return known;
  const values = { client: new Map(), target: new Map(), upstream: new Map() };
  for (const { role, metric, value } of trial.measurements) values[role].set(metric, value);
  const readable = { block: trial.block, values };
  READABLE.set(trial, readable);
  return readable;
}

/**
 * Reads one metric of one trial. A metric without a measurement is a zero only where the trial proves it: an errno that
 * is not among the failures whose sum was counted, or a reset reason where no reset was sent.
 */
export function readMeasurement(trial: ReadableTrial, key: MetricKey): Reading {
  return createReader(key)(trial);
}

/** `readMeasurement` for many trials: what depends on the metric alone is found out once. */
export function createReader({ role, metric }: MetricKey): (trial: ReadableTrial) => Reading {
  const absent = createAbsenceReader({ role, metric });
  return (trial) => {
    const value = trial.values[role].get(metric);
    return value === undefined ? absent(trial) : { kind: "value", value };
  };
}

const ZERO: Reading = { kind: "value", value: 0 };
const NEVER: Reading = { kind: "never" };
const ABSENT: Reading = { kind: "absent" };

/** What the lack of a measurement says. */
function createAbsenceReader({ role, metric }: MetricKey): (trial: ReadableTrial) => Reading {
  if (metric.startsWith("failures.")) {
    return ({ values }) => (values[role].has("connections.failed") ? ZERO : ABSENT);
  }
  if (metric.startsWith("rst.reason.")) {
    return ({ values }) => (values[role].get("rst.sent") === 0 ? ZERO : ABSENT);
  }
  if (metric !== "ports.first_exhausted_ms") return () => ABSENT;
  return ({ values }) => (values.client.has("connections.failed") ? NEVER : ABSENT);
}

/** Reads what a count is out of, connections or requests; null where it is out of nothing, or of none. */
export function createExposureReader(metric: string): (trial: ReadableTrial) => number | null {
  const exposure = exposureOf(metric);
  if (exposure === null) return () => null;
  return ({ values }) => {
    const value = values.client.get(exposure) ?? 0;
    return Number.isFinite(value) && value > 0 ? value : null;
  };
}

function exposureOf(metric: string): string | null {
  if (/^(?:connections|requests)\.(?:intended|attempted)$/.test(metric)) return null;
  if (metric === "connections.dropped") return "connections.intended";
  if (metric === "requests.dropped") return "requests.intended";
  if (metric.startsWith("requests.")) return "requests.attempted";
  return metric.startsWith("sampler.") ? null : "connections.attempted";
}
