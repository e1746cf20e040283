import type { SampleSeries, StoredEvent, StoredRun } from "@churnlab/store";
import { unitOf } from "../unit-of.ts";

export interface NdjsonParts {
  readonly events?: Iterable<StoredEvent>;
  readonly samples?: Iterable<SampleSeries>;
}

/**
 * One JSON document a line, each with its `type`: the run, then its trials, each with its measurements and failures,
 * then events and samples if they are given. Fields are the columns of the views. Lines come one by one, so that a run
 * of any length can be written without holding it twice.
 */
export function* formatNdjson(run: StoredRun, parts: NdjsonParts = {}): Generator<string> {
  for (const record of listRecords(run, parts)) yield `${JSON.stringify(record)}\n`;
}

function* listRecords(
  run: StoredRun,
  { events = [], samples = [] }: NdjsonParts,
): Generator<object> {
  const { runId } = run;
  yield {
    type: "run",
    schemaVersion: 1,
    run_id: runId,
    scenario: run.scenario,
    started_at: new Date(run.startedAtUnixMs).toISOString(),
    state: run.state,
    seed: run.seed,
    churnlab_version: run.churnlabVersion,
    fingerprint: run.fingerprint,
    tags: run.tags,
    environment: run.environment?.facts ?? {},
  };
  for (const trial of run.trialList) yield* listTrialRecords(runId, trial);
  for (const { trialId, variant, role, tMs, kind, detail } of events) {
    yield {
      type: "event",
      run_id: runId,
      trial_id: trialId,
      variant,
      role,
      t_ms: tMs,
      kind,
      detail,
    };
  }
  for (const series of samples) yield* listSamples(runId, series);
}

function* listTrialRecords(
  runId: string,
  trial: StoredRun["trialList"][number],
): Generator<object> {
  const key = {
    run_id: runId,
    trial_id: trial.trialId,
    variant: trial.variant,
    replicate: trial.replicate,
  };
  yield {
    type: "trial",
    ...key,
    block: trial.block,
    state: trial.state,
    reason: trial.reason,
    engine: trial.engine,
    started_at: new Date(trial.startedAtUnixMs).toISOString(),
    measure_ms: trial.measureMs,
    warnings: trial.warnings,
  };
  for (const { role, metric, value } of trial.measurements) {
    const unit = unitOf(metric);
    yield { type: "measurement", ...key, role, metric, value, unit };
  }
  for (const { step, errno, count, firstMs, lastMs } of trial.failures) {
    yield {
      type: "failure",
      ...key,
      phase: step,
      errno,
      count,
      first_ms: firstMs,
      last_ms: lastMs,
    };
  }
}

function* listSamples(runId: string, series: SampleSeries): Generator<object> {
  const { trialId, variant, role, metric, tMs, values } = series;
  for (let i = 0; i < tMs.length; i++) {
    const point = { t_ms: tMs[i], value: values[i] };
    yield { type: "sample", run_id: runId, trial_id: trialId, variant, role, metric, ...point };
  }
}
