import {
  createReader,
  listMetrics,
  type MetricKey,
  type ReadableTrial,
  readCompleted,
} from "@churnlab/core";
import type { StoredRun } from "@churnlab/store";

/** The completed trials of a variant, in block order, with their measurements by name. */
export interface VariantReadings {
  readonly variant: string;
  readonly trials: readonly ReadableTrial[];
}

/** One metric of one variant over its completed trials. */
export interface MetricReading {
  /** One per completed trial that has the metric, in block order. */
  readonly values: readonly number[];
  /** In some trial the event that the metric times did not happen. */
  readonly never: boolean;
}

const readings = new WeakMap<StoredRun, VariantReadings[]>();

/** The variants of a run with their completed trials; kept as long as the run itself, as every table asks for them. */
export function readVariants(run: StoredRun): readonly VariantReadings[] {
  let found = readings.get(run);
  if (found === undefined) {
    const byVariant = Map.groupBy(run.trialList, ({ variant }) => variant);
    found = run.variantList.map(({ name }) => {
      return { variant: name, trials: readCompleted(byVariant.get(name) ?? []) };
    });
    readings.set(run, found);
  }
  return found;
}

/** A metric of the completed trials of a variant; without values where none of them has it. */
export function readMetric({ trials }: VariantReadings, key: MetricKey): MetricReading {
  const values: number[] = [];
  let never = false;
  const read = createReader(key);
  for (const trial of trials) {
    const reading = read(trial);
    if (reading.kind === "value") values.push(reading.value);
    if (reading.kind === "never") never = true;
  }
  return { values, never };
}

/** Every metric of the completed trials, by role, then in the order of core's table of metrics. */
export function listRunMetrics(run: StoredRun): MetricKey[] {
  return listMetrics(run.trialList.filter(({ state }) => state === "completed"));
}
