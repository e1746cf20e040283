import { type GradeKind, nameMetric } from "@churnlab/core";
import { type ComponentChildren, h } from "preact";
import { formatValue } from "../../format-value.ts";
import type { PredictionGrade, VariantForecast } from "../../grade-run.ts";
import { judgeTrials } from "../../judge-predictions.ts";
import { formatReading } from "../../text/format-reading.ts";
import { unitOf } from "../../unit-of.ts";
import { keepTogether } from "../keep-together.ts";
import { LongTable } from "../parts/data-table.ts";
import { Mark, type Tone } from "../parts/mark.ts";
import type { Section } from "../parts/section.ts";
import type { ReportData } from "../report-data.ts";

const WORDS: Readonly<Record<GradeKind, { readonly tone: Tone; readonly word: string }>> = {
  disagrees: { tone: "bad", word: "disagrees" },
  agrees: { tone: "good", word: "agrees" },
  "not-measured": { tone: "doubt", word: "not measured" },
};

/** What the port range and TIME_WAIT allow by themselves, and whether the trials agree. */
export function portModelSection({ forecasts }: ReportData): Section | null {
  const predicted = forecasts.filter(({ forecast }) => forecast.kind === "predicted");
  if (predicted.length === 0) return null;
  const rows = predicted.flatMap((variant) => variant.grades.map((grade) => rowOf(variant, grade)));
  return {
    id: "port-model",
    title: "Port model",
    lead: "What the port range and TIME_WAIT allow by themselves, known before the first packet. One trial is enough to agree or not: the mechanism is deterministic.",
    body: [
      h("dl", { class: "sentences" }, predicted.map(describeVariant)),
      rows.length === 0
        ? null
        : h(LongTable, {
            caption: "Predicted and observed",
            columns: [
              { title: "variant" },
              { title: "metric" },
              { title: "predicted", align: "right" },
              { title: "observed", align: "right" },
              { title: "completed trials" },
            ],
            rows,
          }),
    ],
  };
}

function describeVariant({ variant, forecast }: VariantForecast): ComponentChildren {
  const sentence = forecast.kind === "predicted" ? forecast.sentence : forecast.reason;
  return [
    h("dt", { key: `${variant} name` }, variant),
    h("dd", { key: variant }, keepTogether(sentence)),
  ];
}

function rowOf(
  { variant }: VariantForecast,
  { prediction, trials }: PredictionGrade,
): ComponentChildren[] {
  const { role, metric, value } = prediction;
  const { tone, word } = WORDS[judgeTrials(trials)];
  return [
    variant,
    h("code", null, nameMetric({ role, metric })),
    value === "never"
      ? "never"
      : h("data", { value: String(value) }, keepTogether(formatValue(value, unitOf(metric)))),
    keepTogether(formatReading(metric, readingOf(trials))),
    h(Mark, { tone }, word),
  ];
}

function readingOf(trials: PredictionGrade["trials"]): {
  readonly values: number[];
  readonly never: boolean;
} {
  return {
    values: trials
      .map(({ observed }) => observed)
      .filter((observed) => typeof observed === "number"),
    never: trials.some(({ observed }) => observed === "never"),
  };
}
