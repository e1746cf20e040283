import {
  causeOf,
  describeMetric,
  type GateResult,
  nameMetric,
  PREDICTION_TOLERANCES,
} from "@churnlab/core";
import { collectFacts, type StoredRun, type StoredTrial } from "@churnlab/store";
import type { JudgedMetric, RunComparison, VariantComparison } from "../compare-run.ts";
import { describeComparison } from "../describe-comparison.ts";
import { gradeRun, type VariantForecast } from "../grade-run.ts";
import { describeScenario } from "../scenario-facts.ts";
import {
  RESULT_SCHEMA_VERSION,
  type ResultComparison,
  type ResultDocument,
  type ResultGate,
  type ResultMetric,
  type ResultPrediction,
  type ResultRun,
  type ResultTrial,
} from "./result-document.ts";

/** A run alone. */
export function buildRunResult(run: StoredRun, gates?: readonly GateResult[]): ResultDocument {
  return {
    schemaVersion: RESULT_SCHEMA_VERSION,
    run: describeRun(run),
    ...(gates === undefined ? {} : { gates: gates.map(describeGate) }),
  };
}

/** A run with its comparisons, and the gates if they were judged. */
export function buildComparisonResult(
  { run, baselineRun, variants }: RunComparison,
  gates?: readonly GateResult[],
): ResultDocument {
  return {
    ...buildRunResult(run, gates),
    ...(baselineRun === run ? {} : { baselineRun: describeRun(baselineRun) }),
    comparisons: variants.map(describePair),
  };
}

function describeRun(run: StoredRun): ResultRun {
  return {
    id: run.runId,
    scenario: run.scenario,
    state: run.state,
    startedAt: isoTime(run.startedAtUnixMs),
    endedAt: run.endedAtUnixMs === null ? null : isoTime(run.endedAtUnixMs),
    seed: run.seed,
    churnlabVersion: run.churnlabVersion,
    fingerprint: run.fingerprint,
    tags: run.tags,
    environment: run.environment?.facts ?? {},
    plannedTrials: run.plannedTrials,
    variants: run.variantList.map(({ name, baseline, spec }) => {
      return { name, baseline, sysctls: spec.sysctls, scenario: describeScenario(run, name) };
    }),
    trials: run.trialList.map(describeTrial),
    earlierAttempts: run.earlierAttempts.map(describeTrial),
    predictions: gradeRun(run).flatMap(describePredictions),
    metrics: describeMetrics(run),
  };
}

function isoTime(unixMs: number): string {
  return new Date(unixMs).toISOString();
}

function describeTrial(trial: StoredTrial): ResultTrial {
  return {
    id: trial.trialId,
    attempt: trial.attempt,
    variant: trial.variant,
    replicate: trial.replicate,
    block: trial.block,
    state: trial.state,
    phase: trial.phase,
    code: trial.code,
    reason: trial.reason,
    engine: trial.engine,
    closer: trial.closer,
    startedAt: isoTime(trial.startedAtUnixMs),
    measureMs: trial.measureMs,
    facts: collectFacts([trial]),
    warnings: trial.warnings,
    measurements: Object.fromEntries(
      trial.measurements.map(({ role, metric, value }) => [nameMetric({ role, metric }), value]),
    ),
    failures: trial.failures,
    sysctls: trial.sysctls,
  };
}

function describePredictions({ variant, grades }: VariantForecast): ResultPrediction[] {
  return grades.map(({ prediction, trials }) => {
    const measured = trials.filter(({ kind }) => kind !== "not-measured");
    return {
      variant,
      role: prediction.role,
      metric: prediction.metric,
      predicted: prediction.value,
      observed: trials.map(({ observed }) => observed),
      tolerance: toleranceOf(prediction.metric),
      agrees: measured.length === 0 ? null : measured.every(({ kind }) => kind === "agrees"),
    };
  });
}

function toleranceOf(metric: string): number {
  return PREDICTION_TOLERANCES[describeMetric(metric)?.class ?? "count"];
}

function describeMetrics(run: StoredRun): ResultRun["metrics"] {
  const names = new Set(
    run.trialList.flatMap(({ measurements }) => measurements.map(({ metric }) => metric)),
  );
  return Object.fromEntries(
    [...names].toSorted().map((name) => {
      const described = describeMetric(name);
      return [name, { unit: described?.unit ?? "", better: described?.better ?? "neither" }];
    }),
  );
}

function describePair(pair: VariantComparison): ResultComparison {
  return {
    baseline: pair.baseline,
    variant: pair.candidate,
    comparable: pair.fingerprint.comparable,
    differences: pair.fingerprint.differences,
    metrics: pair.metrics.map(describeJudged),
  };
}

function describeJudged({ comparison, verdict }: JudgedMetric): ResultMetric {
  const { unit, better, warnings } = comparison;
  const { role, metric, ...figures } = describeComparison(comparison, verdict);
  return {
    role,
    metric,
    unit,
    better,
    ...figures,
    reason: verdict?.reason ?? "the environments are not comparable",
    warnings,
  };
}

function describeGate(result: GateResult): ResultGate {
  const { gate, variant, outcome, reason } = result;
  const { metric, bound } = gate;
  return { metric, variant, bound, outcome, cause: causeOf(result), reason };
}
