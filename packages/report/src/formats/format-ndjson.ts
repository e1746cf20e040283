import { causeOf, type GateResult } from "@churnlab/core";
import type { SampleSeries, StoredEvent, StoredRun, StoredTrial } from "@churnlab/store";
import type { RunComparison } from "../compare-run.ts";
import { unitOf } from "../unit-of.ts";

/** What a trial has besides its measurements. */
export interface NdjsonTrialParts {
  readonly events?: Iterable<StoredEvent>;
  readonly samples?: Iterable<SampleSeries>;
}

export interface NdjsonOptions {
  readonly gates?: readonly GateResult[];
  /** Read trial by trial, as the samples of all may be more than the memory holds. */
  readonly partsOf?: (trialId: number) => NdjsonTrialParts;
}

/**
 * One JSON document a line, each with its `type`: the run; then trial after trial, each with its measurements, failures,
 * events and samples; then the comparisons, the gates, and the end of the run. Fields are the columns of the views. It is
 * what a run writes as it goes, so a file that stops early has every trial that ended; of a trial that was repeated, the
 * highest `attempt` counts. Lines come one by one.
 */
export function* formatNdjson(
  comparison: RunComparison,
  { gates = [], partsOf = () => ({}) }: NdjsonOptions = {},
): Generator<string> {
  const { run } = comparison;
  yield* formatNdjsonRun(run);
  for (const trial of run.earlierAttempts) yield* formatNdjsonTrial(run.runId, trial);
  for (const trial of run.trialList) {
    yield* formatNdjsonTrial(run.runId, trial, partsOf(trial.trialId));
  }
  yield* formatNdjsonEnd(comparison, gates);
}

/** The first line: what is known of a run before its first trial. */
export function* formatNdjsonRun(run: StoredRun): Generator<string> {
  yield toLine({
    type: "run",
    schemaVersion: 1,
    run_id: run.runId,
    scenario: run.scenario,
    started_at: new Date(run.startedAtUnixMs).toISOString(),
    seed: run.seed,
    churnlab_version: run.churnlabVersion,
    tags: run.tags,
    planned_trials: run.plannedTrials,
  });
}

/** A trial and everything of it. */
export function* formatNdjsonTrial(
  runId: string,
  trial: StoredTrial,
  { events = [], samples = [] }: NdjsonTrialParts = {},
): Generator<string> {
  const { trialId, attempt, variant, replicate } = trial;
  const key = { run_id: runId, trial_id: trialId, attempt, variant };
  yield toLine({
    type: "trial",
    ...key,
    replicate,
    block: trial.block,
    state: trial.state,
    reason: trial.reason,
    engine: trial.engine,
    closer: trial.closer,
    started_at: new Date(trial.startedAtUnixMs).toISOString(),
    measure_ms: trial.measureMs,
    warnings: trial.warnings,
  });
  for (const { role, metric, value } of trial.measurements) {
    yield toLine({
      type: "measurement",
      ...key,
      replicate,
      role,
      metric,
      value,
      unit: unitOf(metric),
    });
  }
  for (const { step, errno, count, firstMs, lastMs } of trial.failures) {
    const when = { first_ms: firstMs, last_ms: lastMs };
    yield toLine({ type: "failure", ...key, replicate, phase: step, errno, count, ...when });
  }
  for (const { role, tMs, kind, detail } of events) {
    yield toLine({ type: "event", ...key, role, t_ms: tMs, kind, detail });
  }
  for (const { role, metric, tMs, values } of samples) {
    for (let i = 0; i < tMs.length; i++) {
      yield toLine({ type: "sample", ...key, role, metric, t_ms: tMs[i], value: values[i] });
    }
  }
}

/** What is known only at the end: the comparisons with their verdicts, the gates, and how the run ended. */
export function* formatNdjsonEnd(
  { run, rows }: RunComparison,
  gates: readonly GateResult[],
): Generator<string> {
  const { runId } = run;
  for (const { baselineMedian, variantMedian, ...row } of rows) {
    const medians = { baseline_median: baselineMedian, variant_median: variantMedian };
    yield toLine({ type: "comparison", run_id: runId, ...row, ...medians });
  }
  for (const result of gates) {
    const { gate, variant, outcome, reason } = result;
    const { metric, bound } = gate;
    const cause = causeOf(result);
    yield toLine({ type: "gate", run_id: runId, variant, metric, bound, outcome, cause, reason });
  }
  yield toLine({
    type: "end",
    run_id: runId,
    state: run.state,
    ended_at: run.endedAtUnixMs === null ? null : new Date(run.endedAtUnixMs).toISOString(),
    fingerprint: run.fingerprint,
    environment: run.environment?.facts ?? {},
  });
}

function toLine(record: object): string {
  return `${JSON.stringify(record)}\n`;
}
