import { type Grade, type GradeKind, nameMetric } from "@churnlab/core";
import type { StoredRun } from "@churnlab/store";
import { formatValue } from "./format-value.ts";
import { gradeRun, type PredictionGrade } from "./grade-run.ts";
import { unitOf } from "./unit-of.ts";

/** One prediction of the port model, held against all completed trials of one variant. */
export interface PredictionResult {
  readonly variant: string;
  /** `role.metric` */
  readonly metric: string;
  /** What is predicted, with its unit; `never` of an event that must not happen. */
  readonly predicted: string;
  /** `not-measured`: no trial contradicts the port model, and one or all of them lack the number. */
  readonly outcome: GradeKind;
  /** Completed trials of the variant. */
  readonly trials: number;
  /** As a sentence without its full stop. */
  readonly reason: string;
}

/** Every prediction for every variant, in the order of the variants; empty where the model predicts nothing exactly. */
export function judgePredictions(run: StoredRun): PredictionResult[] {
  return gradeRun(run).flatMap(({ variant, grades }) =>
    grades.map((grade) => judgePrediction(variant, grade)),
  );
}

function judgePrediction(
  variant: string,
  { prediction, trials }: PredictionGrade,
): PredictionResult {
  const { metric, value } = prediction;
  const outcome = judgeTrials(trials);
  return {
    variant,
    metric: nameMetric(prediction),
    predicted: formatReading(metric, value),
    outcome,
    trials: trials.length,
    reason: explain(outcome, trials),
  };
}

/** What all completed trials of a variant say of a prediction: one that contradicts it is enough, and all must agree. */
export function judgeTrials(trials: readonly Grade[]): GradeKind {
  if (trials.some(({ kind }) => kind === "disagrees")) return "disagrees";
  return trials.length > 0 && trials.every(({ kind }) => kind === "agrees")
    ? "agrees"
    : "not-measured";
}

/** The trial that is furthest off speaks for all. */
function explain(outcome: GradeKind, trials: readonly Grade[]): string {
  if (trials.length === 0) return "no trial of this variant completed";
  const count = trials.filter(({ kind }) => kind === outcome).length;
  if (outcome === "not-measured") return `not measured in ${count} of ${trials.length} trials`;
  const [worst] = trials.toSorted((a, b) => distance(b) - distance(a));
  const { metric, observed, tolerance } = worst as Grade;
  const percent = Number((tolerance * 100).toPrecision(3));
  const seen = `observed ${formatReading(metric, observed ?? "never")}`;
  return outcome === "agrees"
    ? `${seen}, within ${percent} %`
    : `${seen}, outside ${percent} % in ${count} of ${trials.length} trials`;
}

/** Of a prediction that has no ratio, every contradiction is as far off as can be. */
function distance({ kind, deviation }: Grade): number {
  if (deviation !== null) return Math.abs(deviation);
  return kind === "disagrees" ? Number.POSITIVE_INFINITY : 0;
}

function formatReading(metric: string, value: number | "never"): string {
  return value === "never" ? value : formatValue(value, unitOf(metric));
}
