import { formatPercent, type GradeKind, nameMetric } from "@churnlab/core";
import type { StoredRun } from "@churnlab/store";
import { formatValue } from "../format-value.ts";
import { gradeRun, type PredictionGrade, type VariantForecast } from "../grade-run.ts";
import { unitOf } from "../unit-of.ts";
import { formatReading } from "./format-reading.ts";
import { layoutTable, type TableRow } from "./layout-table.ts";
import type { Style } from "./style.ts";

/** What the port model predicts for each variant, and whether the trials agree. Empty where it predicts nothing. */
export function formatForecast(run: StoredRun, style: Style): string[] {
  const forecasts = gradeRun(run).filter(({ forecast }) => forecast.kind === "predicted");
  if (forecasts.length === 0) return [];
  const rows = forecasts.flatMap((variant): TableRow[] => [
    { heading: `  ${variant.variant}: ${describeForecast(variant)}` },
    ...variant.grades
      .filter((grade) => !isZero(grade))
      .map((grade) => [
        `    ${nameMetric(grade.prediction)}`,
        formatPredicted(grade),
        formatObserved(grade),
        formatGrade(grade, style),
      ]),
  ]);
  const table = layoutTable(
    [
      { title: "port model", align: "left" },
      { title: "predicted", align: "right" },
      { title: "observed", align: "right" },
      { title: "", align: "left" },
    ],
    rows,
    style.columns,
  );
  return table;
}

function describeForecast({ forecast }: VariantForecast): string {
  return forecast.kind === "predicted" ? forecast.sentence : forecast.reason;
}

/** A prediction of zero that holds goes without saying. */
function isZero({ prediction, trials }: PredictionGrade): boolean {
  return prediction.value === 0 && trials.every(({ kind }) => kind === "agrees");
}

function formatPredicted({ prediction }: PredictionGrade): string {
  const { value, metric } = prediction;
  return value === "never" ? "never" : formatValue(value, unitOf(metric));
}

function formatObserved({ prediction, trials }: PredictionGrade): string {
  const values = trials.map(({ observed }) => observed).filter((v) => typeof v === "number");
  const never = trials.some(({ observed }) => observed === "never");
  return formatReading(prediction.metric, { values, never });
}

/** The worst of the trials decides. */
function formatGrade({ trials }: PredictionGrade, style: Style): string {
  const has = (kind: GradeKind): boolean => trials.some((grade) => grade.kind === kind);
  if (has("disagrees")) {
    return `${style.bad("✗")} disagrees${formatDeviation(trials)}`;
  }
  if (!has("agrees")) return `${style.doubt("!")} not measured`;
  return `${style.good("✓")} agrees${formatDeviation(trials)}`;
}

function formatDeviation(trials: PredictionGrade["trials"]): string {
  const deviations = trials.map(({ deviation }) => deviation).filter((d) => d !== null);
  const [worst] = deviations.toSorted((a, b) => Math.abs(b) - Math.abs(a));
  return worst === undefined ? "" : ` (${formatPercent(worst)})`;
}
