import {
  describeMetric,
  formatPercent,
  type MetricKey,
  medianOrNull,
  nameMetric,
  signedRankInterval,
} from "@churnlab/core";
import { type ComponentChildren, h } from "preact";
import { type CapacityRow, drawCapacity } from "../../charts/draw-capacity.ts";
import { formatReading } from "../../text/format-reading.ts";
import { readMetric } from "../../variant-readings.ts";
import { keepTogether } from "../keep-together.ts";
import { LongTable } from "../parts/data-table.ts";
import { SvgFigure } from "../parts/figure.ts";
import type { Section } from "../parts/section.ts";
import { Value } from "../parts/value.ts";
import { predictMetric } from "../predict-metric.ts";
import type { ReportData } from "../report-data.ts";

const CONFIDENCE = 0.9;
/** A figure with more rows than this is longer than a screen; the table has them all. */
const ROWS_MAX = 40;

/** How much each variant carried: every replicate, the median, its interval, and the prediction. */
export function capacitySection(data: ReportData): Section | null {
  const key = capacityMetric(data);
  const unit = describeMetric(key.metric)?.unit ?? "";
  const rows = readCapacity(data, key);
  if (rows.every(({ values }) => values.length === 0)) return null;
  const title =
    key.metric === "requests.rate" ? "Requests answered per second" : "Connections per second";
  const figure = drawCapacity(rows.slice(0, ROWS_MAX), { unit, title });
  return {
    id: "capacity",
    title: "Capacity by variant",
    lead: `${title} of the measure phase that did all they were meant to do (${nameMetric(key)}).`,
    body: [
      h(
        SvgFigure,
        { svg: figure, caption: captionOf(rows) },
        rows.length > ROWS_MAX
          ? h("p", { class: "note" }, `The first ${ROWS_MAX} of ${rows.length} variants are drawn.`)
          : null,
      ),
      h(LongTable, {
        caption: `${title}, by variant`,
        columns: [
          { title: "variant" },
          { title: "median", align: "right" },
          { title: "replicates" },
          { title: "90 % interval", align: "right" },
          { title: "predicted", align: "right" },
        ],
        rows: rows.map((row) => [
          row.variant,
          h(Value, { value: row.median, unit }),
          keepTogether(formatReading(key.metric, { values: row.values, never: false })),
          listInterval(row, unit),
          listPrediction(row, unit),
        ]),
      }),
    ],
  };
}

/** Requests are what keep-alive is about; where it is one of the variants, requests are what all have in common. */
export function capacityMetric({ run }: Pick<ReportData, "run">): MetricKey {
  const isByRequest = run.variantList.some(({ spec }) => spec.workload.kind === "keep-alive");
  return { role: "client", metric: isByRequest ? "requests.rate" : "connections.rate" };
}

/** Every variant's replicates of a metric with what may be said of them. */
export function readCapacity(
  { run, readings, forecasts }: Pick<ReportData, "run" | "readings" | "forecasts">,
  key: MetricKey,
): CapacityRow[] {
  return readings.map((reading): CapacityRow => {
    const { values } = readMetric(reading, key);
    const forecast = forecasts.find(({ variant }) => variant === reading.variant);
    const interval = signedRankInterval(values, CONFIDENCE);
    return {
      variant: reading.variant,
      values,
      median: medianOrNull(values),
      interval: interval.defined ? interval.value : null,
      predicted: forecast === undefined ? null : predictMetric(run, forecast, key.metric),
    };
  });
}

function captionOf(rows: readonly CapacityRow[]): string {
  const parts = ["Every tick is a replicate, the dot their median"];
  if (rows.some(({ interval }) => interval !== null)) {
    parts.push("the shaded bar the 90 % signed-rank interval of where they lie");
  }
  if (rows.some(({ predicted }) => predicted !== null)) {
    parts.push("the diamond what the port model predicts");
  }
  return `${parts.join(", ")}.`;
}

function listInterval({ interval }: CapacityRow, unit: string): ComponentChildren {
  if (interval === null) return h("span", { class: "none" }, "needs 5 replicates");
  return [
    h(Value, { value: interval.low, unit }),
    " to ",
    h(Value, { value: interval.high, unit }),
  ];
}

function listPrediction(
  { predicted, median: middle }: CapacityRow,
  unit: string,
): ComponentChildren {
  if (predicted === null) return h(Value, { value: null });
  const { low, high } = predicted;
  if (low !== high)
    return [h(Value, { value: low, unit }), " to ", h(Value, { value: high, unit })];
  const off = middle === null || low === 0 ? "" : ` (${formatPercent(middle / low - 1)})`;
  return [h(Value, { value: low, unit }), off];
}
