import {
  createReader,
  type Grade,
  gradePrediction,
  type PortPrediction,
  type Prediction,
  predictPorts,
} from "@churnlab/core";
import type { StoredRun, StoredVariant } from "@churnlab/store";
import { readVariants, type VariantReadings } from "./variant-readings.ts";

/** What the port model says of a variant, and how its completed trials agree. */
export interface VariantForecast {
  readonly variant: string;
  readonly forecast: PortPrediction;
  /** One for each number that the model predicts exactly; empty where it predicts none. */
  readonly grades: readonly PredictionGrade[];
}

export interface PredictionGrade {
  readonly prediction: Prediction;
  /** One for each completed trial, in block order. */
  readonly trials: readonly Grade[];
}

const graded = new WeakMap<StoredRun, VariantForecast[]>();

/**
 * Holds every completed trial against the port model. One trial is enough: the mechanism is deterministic. Kept as long as
 * the run itself, as every table asks for it.
 */
export function gradeRun(run: StoredRun): readonly VariantForecast[] {
  let found = graded.get(run);
  if (found === undefined) {
    found = gradeVariants(run);
    graded.set(run, found);
  }
  return found;
}

function gradeVariants(run: StoredRun): VariantForecast[] {
  const readings = new Map(readVariants(run).map((read) => [read.variant, read]));
  return run.variantList.map((variant) => {
    const forecast = predictVariant(run, variant);
    const trials = readings.get(variant.name)?.trials ?? [];
    const predictions = forecast.kind === "predicted" ? forecast.expectations : [];
    return {
      variant: variant.name,
      forecast,
      grades: predictions.map((prediction) => gradeTrials(prediction, trials)),
    };
  });
}

/** The model knows the scenario; what the kernel adds is among the facts of the variant's own trials. */
function predictVariant(run: StoredRun, { name, spec }: StoredVariant): PortPrediction {
  const trial = run.trialList.find(({ variant, environment }) => variant === name && environment);
  const facts = trial?.environment?.facts ?? {};
  const closer = spec.workload.closer === "client" ? "client" : "target";
  return predictPorts(spec, {
    hz: toNumber(facts["hz"]),
    timeWaitBuckets: toNumber(facts[`${closer}.net.ipv4.tcp_max_tw_buckets`]),
  });
}

function toNumber(fact: string | undefined): number | undefined {
  const value = Number(fact);
  return fact !== undefined && Number.isFinite(value) ? value : undefined;
}

function gradeTrials(prediction: Prediction, trials: VariantReadings["trials"]): PredictionGrade {
  const read = createReader(prediction);
  return { prediction, trials: trials.map((trial) => gradePrediction(prediction, read(trial))) };
}
