import type { FingerprintComparison } from "@churnlab/core";
import type { StoredRun } from "@churnlab/store";
import { stringify } from "csv-stringify/sync";
import type { RunComparison } from "../compare-run.ts";
import { storedVerdict } from "../describe-comparison.ts";
import { unitOf } from "../unit-of.ts";

/** Tidy data: one measurement a row, the columns of `v_measurement` and what describes the trial. */
export function formatRunCsv(run: StoredRun): string {
  const rows = run.trialList.flatMap((trial) =>
    trial.measurements.map(({ role, metric, value }) => [
      run.runId,
      trial.trialId,
      trial.variant,
      trial.replicate,
      trial.block,
      trial.state,
      trial.attempt,
      role,
      metric,
      value,
      unitOf(metric),
    ]),
  );
  return stringify([RUN_COLUMNS, ...rows]);
}

const RUN_COLUMNS = [
  "run_id",
  "trial_id",
  "variant",
  "replicate",
  "block",
  "state",
  "attempt",
  "role",
  "metric",
  "value",
  "unit",
] as const;

/**
 * One comparison a row, with the columns of `v_comparison`, the unit, and how many trials of both variants are repeated
 * ones (an attempt above 1). What is not known is empty. Where the verdict is `not-comparable` the last column has the
 * facts that differ.
 */
export function formatComparisonCsv({ run, baselineRun, variants }: RunComparison): string {
  const rows = variants.flatMap(({ baseline, candidate, fingerprint, metrics }) => {
    const refusal = describeRefusal(fingerprint);
    const repeated = countRepeated(baselineRun, baseline) + countRepeated(run, candidate);
    return metrics.map(({ comparison, verdict }) => [
      run.runId,
      baseline,
      candidate,
      comparison.role,
      comparison.metric,
      comparison.n,
      comparison.baselineMedian,
      comparison.candidateMedian,
      comparison.effect,
      comparison.low,
      comparison.high,
      comparison.p,
      storedVerdict(verdict),
      comparison.unit,
      repeated,
      refusal,
    ]);
  });
  return stringify([COMPARISON_COLUMNS, ...rows]);
}

/** Empty where the two sides are comparable. */
function describeRefusal({ differences }: FingerprintComparison): string {
  return differences
    .filter(({ excuse }) => excuse === null)
    .map(({ key }) => key)
    .join(" ");
}

function countRepeated({ trialList }: StoredRun, name: string): number {
  return trialList.filter(({ variant, attempt }) => attempt > 1 && variant === name).length;
}

const COMPARISON_COLUMNS = [
  "run_id",
  "baseline",
  "variant",
  "role",
  "metric",
  "n",
  "baseline_median",
  "variant_median",
  "effect",
  "low",
  "high",
  "p",
  "verdict",
  "unit",
  "repeated_trials",
  "not_comparable",
] as const;
