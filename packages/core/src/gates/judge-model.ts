import {
  type MeasuredTrial,
  readCompleted,
  readMeasurement,
} from "../comparison/read-measurement.ts";
import { formatApart, formatCount, formatNumber } from "../format-number.ts";
import { isWithin } from "../grade-prediction.ts";
import type { MetricKey } from "../metric-key.ts";
import type { VariantModel } from "../port-model/list-model-bounds.ts";
import type { Range } from "../port-model/port-forecast.ts";
import { invalid, type Judgement } from "./judge-bound.ts";

export interface ModelGate {
  readonly key: MetricKey;
  /** How far beyond the predicted range a trial may lie, relative to its nearer end. */
  readonly within: number;
}

/**
 * Holds every completed trial against what the port model predicts of its variant. One that contradicts it fails the gate,
 * as the mechanism is deterministic; one that did not measure it makes the gate invalid, as does a model that is silent.
 */
export function judgeModel(
  trials: readonly MeasuredTrial[],
  { key, within }: ModelGate,
  model: VariantModel,
): Judgement {
  const found = model.bounds.find(({ role, metric }) => role === key.role && metric === key.metric);
  if (found === undefined) {
    const why = model.reason === null ? "" : `: ${model.reason}`;
    return invalid(`the port model does not predict it of this variant${why}`, "not-predicted");
  }
  const completed = readCompleted(trials);
  if (completed.length === 0) return invalid("no trial of this variant completed");
  const { predicted } = found;
  const judged = completed.flatMap((trial) => {
    const reading = readMeasurement(trial, key);
    if (reading.kind === "absent") return [];
    const value: number | "never" = reading.kind === "never" ? "never" : reading.value;
    if (value !== "never" && !Number.isFinite(value)) return [];
    return [{ block: trial.block, value, beyond: beyondRange(value, predicted) }];
  });
  const [worst] = judged.toSorted((a, b) => b.beyond - a.beyond);
  if (worst === undefined) return invalid("no completed trial measured it");
  const violations = judged.filter(({ beyond }) => !isWithin(beyond, within)).length;
  const unmeasured = completed.length - judged.length;
  if (violations === 0 && unmeasured > 0) {
    return invalid(`${unmeasured} of ${completed.length} completed trials did not measure it`);
  }
  const head = describeReading(worst.value, predicted);
  const trialsWord = formatCount(judged.length, "trial");
  const reason =
    violations > 0
      ? `${head} (outside ${percent(within)} in ${violations} of ${trialsWord})`
      : `${head} (within ${percent(within)} in ${trialsWord})`;
  const { value, block } = worst;
  return {
    outcome: violations > 0 ? "fail" : "pass",
    reason,
    evidence: {
      kind: "model",
      predicted,
      worst: value,
      worstBlock: block,
      trials: judged.length,
      violations,
    },
  };
}

/** How far outside, relative to the nearer end; Infinity where there is no such ratio. */
function beyondRange(value: number | "never", predicted: Range | "never"): number {
  if (value === "never" || predicted === "never") {
    return value === predicted ? 0 : Number.POSITIVE_INFINITY;
  }
  const { low, high } = predicted;
  if (value >= low && value <= high) return 0;
  const end = value < low ? low : high;
  return end === 0 ? Number.POSITIVE_INFINITY : Math.abs(value / end - 1);
}

function describeReading(value: number | "never", predicted: Range | "never"): string {
  if (value === "never" || predicted === "never") {
    const observed = value === "never" ? "it never happened" : formatNumber(value);
    return `${observed}, predicted ${predicted === "never" ? "never" : describeRange(predicted)}`;
  }
  const { low, high } = predicted;
  if (value >= low && value <= high) {
    return `${formatNumber(value)}, predicted ${describeRange(predicted)}`;
  }
  const isBelow = value < low;
  const [observed = "", end = ""] = formatApart([value, isBelow ? low : high]);
  const [lowest, highest] = isBelow ? [end, formatNumber(high)] : [formatNumber(low), end];
  return `${observed}, predicted ${low === high ? end : `${lowest} to ${highest}`}`;
}

function describeRange({ low, high }: Range): string {
  const [lowest, highest] = [formatNumber(low), formatNumber(high)];
  return lowest === highest ? lowest : `${lowest} to ${highest}`;
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(3))} %`;
}
