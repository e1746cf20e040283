import { type GradeKind, nameMetric } from "@churnlab/core";
import type { StoredRun } from "@churnlab/store";
import { isWrong } from "./describe-physics.ts";
import { formatValue } from "./format-value.ts";
import { gradeRun, type PredictionGrade } from "./grade-run.ts";
import { judgeTrials } from "./judge-predictions.ts";
import { formatReading } from "./text/format-reading.ts";
import { PLAIN_STYLE, type Style } from "./text/style.ts";
import { unitOf } from "./unit-of.ts";

/** A table of texts; the first column names the rows. */
export interface TextTable {
  readonly titles: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/**
 * What was observed of each number that the port model predicts, a variant a row and a metric a column. Null where it
 * predicts nothing. Failures are what successes leave of the attempts, so they have no column of their own.
 */
export function tabulateGrades(run: StoredRun, style: Style = PLAIN_STYLE): TextTable | null {
  const variants = gradeRun(run).filter(({ grades }) =>
    grades.some(({ trials }) => trials.length > 0),
  );
  const metrics = listColumns(variants.flatMap(({ grades }) => grades));
  if (metrics.length === 0) return null;
  return {
    titles: ["observed (predicted)", ...metrics.map((name) => name.replace(/^client\./, ""))],
    rows: variants.map(({ variant, grades }) => [
      variant,
      ...metrics.map((name) => {
        const grade = grades.find((one) => nameMetric(one.prediction) === name);
        return grade === undefined ? "" : formatGrade(grade, style);
      }),
    ]),
  };
}

function listColumns(grades: readonly PredictionGrade[]): string[] {
  const counted = grades.some((grade) => nameMetric(grade.prediction) === SUCCEEDED);
  const told = grades
    .filter((grade) => !isZeroAsPredicted(grade))
    .map(({ prediction }) => nameMetric(prediction));
  return [...new Set(told)].filter((name) => !counted || name !== FAILED);
}

const SUCCEEDED = "client.connections.succeeded";
const FAILED = "client.connections.failed";

/** A prediction of zero that nothing contradicts goes without saying. */
function isZeroAsPredicted(grade: PredictionGrade): boolean {
  return grade.prediction.value === 0 && !isWrong(grade);
}

/** `✓ 2 048 (2 048)`: all trials decide the mark; `!` where some lack the number. */
function formatGrade(grade: PredictionGrade, style: Style): string {
  const { prediction, trials } = grade;
  const values = trials.map(({ observed }) => observed).filter((v) => typeof v === "number");
  const never = trials.some(({ observed }) => observed === "never");
  if (values.length === 0 && !never) return `${style.doubt("!")} not measured`;
  const observed = formatReading(prediction.metric, { values, never }, { brief: true });
  const predicted =
    prediction.value === "never"
      ? "never"
      : formatValue(prediction.value, unitOf(prediction.metric));
  const marks = {
    agrees: style.good("✓"),
    disagrees: style.bad("✗"),
    "not-measured": style.doubt("!"),
  } as const satisfies Record<GradeKind, string>;
  return `${marks[judgeTrials(trials)]} ${observed.replace(/ ×\d+$/, "")} (${predicted})`;
}
