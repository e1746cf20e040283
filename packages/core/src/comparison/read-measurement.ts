import type { Measurement } from "../measurement.ts";
import type { MetricKey } from "../metric-key.ts";
import type { Role } from "../role.ts";
import type { TrialState } from "../trial.ts";
import {
  type LaidOutMeasurements,
  layOutMeasurements,
  type MeasurementLayout,
} from "./measurement-layout.ts";

/** A trial as a comparison or a gate sees it: what was measured, and whether it may be used. */
export interface MeasuredTrial {
  /** Trials of one block ran back to back; they are compared with each other. */
  readonly block: number;
  readonly state: TrialState;
  readonly measurements: readonly Measurement[];
}

/** A completed trial, its numbers ready to be read. */
export interface ReadableTrial extends LaidOutMeasurements {
  readonly block: number;
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
    .toSorted((one, other) => one.block - other.block)
    .map(({ block, measurements }) => ({ block, ...layOutMeasurements(measurements) }));
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
  const valueOf = createValueReader({ role, metric });
  const absent = createAbsenceReader({ role, metric });
  return (trial) => {
    const value = valueOf(trial);
    return value === undefined ? absent(trial) : { kind: "value", value };
  };
}

/** Finds a number among those of a trial: its place is asked for once for each layout that trials come in. */
function createValueReader(key: MetricKey): (trial: ReadableTrial) => number | undefined {
  let known: MeasurementLayout | null = null;
  let place: number | undefined;
  return ({ layout, values }) => {
    if (layout !== known) {
      known = layout;
      place = layout.placeOf(key);
    }
    return place === undefined ? undefined : values[place];
  };
}

const ZERO: Reading = { kind: "value", value: 0 };
const NEVER: Reading = { kind: "never" };
const ABSENT: Reading = { kind: "absent" };

/** What the lack of a measurement says. */
function createAbsenceReader({ role, metric }: MetricKey): (trial: ReadableTrial) => Reading {
  if (metric.startsWith("failures.")) {
    const failedOf = createValueReader({ role, metric: "connections.failed" });
    return (trial) => (failedOf(trial) === undefined ? ABSENT : ZERO);
  }
  if (metric.startsWith("rst.reason.")) {
    const sentOf = createValueReader({ role, metric: "rst.sent" });
    return (trial) => (sentOf(trial) === 0 ? ZERO : ABSENT);
  }
  return metric === "ports.first_exhausted_ms" ? createNeverReader(role) : () => ABSENT;
}

/** Errnos that say "no port": where there were some, and no moment, nobody knows what ran out. */
const PORT_ERRNOS = ["EADDRNOTAVAIL", "EADDRINUSE"] as const;

/** Ports of a role never ran out where its failures were counted and none of them was for want of a port. */
function createNeverReader(role: Role): (trial: ReadableTrial) => Reading {
  const failedOf = createValueReader({ role, metric: "connections.failed" });
  const errnosOf = PORT_ERRNOS.map((errno) =>
    createValueReader({ role, metric: `failures.${errno}` }),
  );
  return (trial) => {
    const isDoubtful = errnosOf.some((countOf) => (countOf(trial) ?? 0) > 0);
    return failedOf(trial) === undefined || isDoubtful ? ABSENT : NEVER;
  };
}

/** Reads what a count is out of, connections or requests; null where it is out of nothing, or of none. */
export function createExposureReader(metric: string): (trial: ReadableTrial) => number | null {
  const exposure = exposureOf(metric);
  if (exposure === null) return () => null;
  const valueOf = createValueReader({ role: "client", metric: exposure });
  return (trial) => {
    const value = valueOf(trial) ?? 0;
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
