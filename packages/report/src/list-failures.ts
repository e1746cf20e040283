import { type FailureRecord, mergeFailures } from "@churnlab/core";
import type { StoredRun } from "@churnlab/store";

/** Connections of a variant that failed at one step with one errno, all its trials added up. */
export interface VariantFailures extends FailureRecord {
  readonly variant: string;
  /** Trials that had one. */
  readonly trials: number;
  /** Trials of the variant, however they ended. */
  readonly of: number;
}

/** What failed in a run: by variant, each step and errno by its first occurrence. */
export function listFailures({ variantList, trialList }: StoredRun): VariantFailures[] {
  return variantList.flatMap(({ name }) => {
    const trials = trialList.filter(({ variant }) => variant === name);
    const merged = mergeFailures(trials.flatMap(({ failures }) => failures));
    return merged.map((record) => ({
      ...record,
      variant: name,
      trials: trials.filter(({ failures }) =>
        failures.some(({ step, errno }) => step === record.step && errno === record.errno),
      ).length,
      of: trials.length,
    }));
  });
}
