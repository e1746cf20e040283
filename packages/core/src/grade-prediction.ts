import type { Reading } from "./comparison/read-measurement.ts";
import type { MetricKey } from "./metric-key.ts";
import { describeMetric, type MetricClass } from "./metrics.ts";

/**
 * How far an observation may lie from what the port model predicts, relative to the prediction. Times, rates and counts
 * follow from the mechanism itself; a gauge is seen only when it is read (`SAMPLE_INTERVAL_MS`), while the kernel's
 * TIME_WAIT timer adds up to 2 s to its 60.
 */
export const PREDICTION_TOLERANCES: Readonly<Record<MetricClass, number>> = {
  rate: 0.03,
  time: 0.03,
  count: 0.03,
  gauge: 0.05,
  share: 0.05,
  "latency-middle": 0.05,
  "latency-tail": 0.1,
  cost: 0.05,
};

/** What the model says a trial must show. */
export interface Prediction extends MetricKey {
  /** `never`: the event must not happen, as ports that are never exhausted. */
  readonly value: number | "never";
}

export const GRADES = ["agrees", "disagrees", "not-measured"] as const;
export type GradeKind = (typeof GRADES)[number];

export interface Grade extends MetricKey {
  readonly kind: GradeKind;
  readonly predicted: number | "never";
  readonly observed: number | "never" | null;
  /** observed/predicted − 1; null where there is no such ratio. */
  readonly deviation: number | null;
  readonly tolerance: number;
}

/**
 * Holds one trial against the prediction. One is enough: the mechanism is deterministic, and what noise there is lies far
 * below the tolerance. A prediction of 0 or `never` is kept exactly or not at all.
 */
export function gradePrediction(prediction: Prediction, reading: Reading): Grade {
  const { role, metric, value: predicted } = prediction;
  if (predicted !== "never" && !(Number.isFinite(predicted) && predicted >= 0)) {
    throw new RangeError(`a prediction is a number from 0 up or "never", not ${predicted}`);
  }
  const tolerance = PREDICTION_TOLERANCES[describeMetric(metric)?.class ?? "count"];
  const observed = observedValue(reading);
  const deviation = relativeDeviation(predicted, observed);
  const kind = gradeValues({ predicted, observed, deviation, tolerance });
  return { role, metric, kind, predicted, observed, deviation, tolerance };
}

function observedValue(reading: Reading): number | "never" | null {
  if (reading.kind === "never") return "never";
  return reading.kind === "value" && Number.isFinite(reading.value) ? reading.value : null;
}

function relativeDeviation(
  predicted: number | "never",
  observed: number | "never" | null,
): number | null {
  if (typeof predicted !== "number" || typeof observed !== "number" || predicted === 0) return null;
  const deviation = observed / predicted - 1;
  return Number.isFinite(deviation) ? deviation : null;
}

function gradeValues({
  predicted,
  observed,
  deviation,
  tolerance,
}: Pick<Grade, "predicted" | "observed" | "deviation" | "tolerance">): GradeKind {
  if (observed === null) return "not-measured";
  if (deviation === null) return observed === predicted ? "agrees" : "disagrees";
  return isWithin(deviation, tolerance) ? "agrees" : "disagrees";
}

/** 103 of 100 is within 3 %, although 103 / 100 − 1 is a little above 0.03 in binary. */
export function isWithin(deviation: number, tolerance: number): boolean {
  return Math.abs(deviation) <= tolerance + 1e-12;
}
