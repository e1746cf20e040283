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

/** A trial whose measurements are found by name. */
export interface ReadableTrial {
  readonly block: number;
  readonly values: ReadonlyMap<string, number>;
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
    .map(({ block, measurements }) => ({
      block,
      values: new Map(measurements.map((m) => [`${m.role}.${m.metric}`, m.value])),
    }))
    .toSorted((a, b) => a.block - b.block);
}

/**
 * Reads one metric of one trial. A metric without a measurement is a zero only where the trial proves it: an errno that
 * is not among the failures whose sum was counted, or a reset reason where no reset was sent.
 */
export function readMeasurement(trial: ReadableTrial, { role, metric }: MetricKey): Reading {
  const value = trial.values.get(`${role}.${metric}`);
  if (value !== undefined) return { kind: "value", value };
  if (metric.startsWith("failures.") && trial.values.has(`${role}.connections.failed`)) {
    return { kind: "value", value: 0 };
  }
  if (metric.startsWith("rst.reason.") && trial.values.get(`${role}.rst.sent`) === 0) {
    return { kind: "value", value: 0 };
  }
  const counted = trial.values.has("client.connections.failed");
  return metric === "ports.first_exhausted_ms" && counted ? { kind: "never" } : { kind: "absent" };
}

/** The connections or requests that a count of this trial is out of; null where it is out of nothing, or of none. */
export function readExposure(trial: ReadableTrial, metric: string): number | null {
  const name = exposureOf(metric);
  const exposure = name === null ? undefined : trial.values.get(`client.${name}`);
  return exposure !== undefined && Number.isFinite(exposure) && exposure > 0 ? exposure : null;
}

function exposureOf(metric: string): string | null {
  if (/^(?:connections|requests)\.(?:intended|attempted)$/.test(metric)) return null;
  if (metric === "connections.dropped") return "connections.intended";
  if (metric === "requests.dropped") return "requests.intended";
  if (metric.startsWith("requests.")) return "requests.attempted";
  return metric.startsWith("sampler.") ? null : "connections.attempted";
}
