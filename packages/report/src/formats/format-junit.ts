import type { GateResult } from "@churnlab/core";
import type { StoredRun, StoredTrial } from "@churnlab/store";
import junit, { type Builder, type TestSuite } from "junit-report-builder";
import { countAttempt, isRepeated } from "../count-attempt.ts";
import { judgePredictions, type PredictionResult } from "../judge-predictions.ts";
import { describeBound, nameOutcome } from "../text/format-gates.ts";
import { nameTrial } from "../text/format-trial-notes.ts";

/** The package's types promise a `default` inside the module; the module itself is the builder. */
const factory = junit as unknown as Builder;

/**
 * JUnit XML: one suite per variant, one case per gate and one per prediction of the port model. A gate that the trials
 * could not decide is skipped; one that could not be judged is an error, as is a trial that failed or was invalid, in a
 * case of its own. A prediction that a trial contradicts is a failure, one that was not measured is skipped. A trial that
 * was repeated is a property of its suite.
 */
export function formatJunit(run: StoredRun, gates: readonly GateResult[]): string {
  const builder = factory.newBuilder();
  const known = new Set(run.variantList.map(({ name }) => name));
  const names = [
    ...known,
    ...gates.map(({ variant }) => variant ?? "").filter((v) => !known.has(v)),
  ];
  const predictions = judgePredictions(run);
  for (const name of new Set(names)) {
    const trials = run.trialList.filter(({ variant }) => variant === name);
    const suite = builder
      .testSuite()
      .name(name === "" ? run.scenario : `${run.scenario} / ${name}`)
      .timestamp(new Date(run.startedAtUnixMs).toISOString().slice(0, 19))
      .time(sumSeconds(trials));
    suite.property("run_id", run.runId);
    for (const trial of trials.filter((each) => isRepeated(run, each))) {
      suite.property(`trial ${trial.trialId}`, countAttempt(run, trial));
    }
    for (const gate of gates.filter(({ variant }) => (variant ?? "") === name)) {
      addGate(suite, gate);
    }
    for (const prediction of predictions.filter(({ variant }) => variant === name)) {
      addPrediction(suite, prediction);
    }
    for (const trial of trials.filter(({ state }) => state !== "completed")) {
      addTrial(suite, trial);
    }
  }
  return builder.build();
}

function sumSeconds(trials: readonly StoredTrial[]): number {
  return trials.reduce((sum, { measureMs }) => sum + measureMs, 0) / 1000;
}

function addGate(suite: TestSuite, result: GateResult): void {
  const { gate, outcome, reason } = result;
  const testCase = suite
    .testCase()
    .className("gate")
    .name(`${gate.metric} ${describeBound(gate.bound)}`);
  testCase.standardOutput(`${nameOutcome(result)}: ${reason}`);
  if (outcome === "fail") testCase.failure(reason, "gate");
  if (outcome === "invalid") testCase.error(reason, nameOutcome(result));
  if (outcome === "inconclusive") testCase.skipped();
}

function addPrediction(
  suite: TestSuite,
  { metric, predicted, outcome, reason }: PredictionResult,
): void {
  const testCase = suite.testCase().className("port model").name(`${metric} ${predicted}`);
  testCase.standardOutput(`${outcome}: ${reason}`);
  if (outcome === "disagrees") testCase.failure(reason, "port model");
  if (outcome === "not-measured") testCase.skipped();
}

function addTrial(suite: TestSuite, trial: StoredTrial): void {
  suite
    .testCase()
    .className("trial")
    .name(nameTrial(trial))
    .error(trial.reason ?? `ended in ${trial.phase}`, trial.code ?? trial.state);
}
