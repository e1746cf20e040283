import { h, type JSX } from "preact";
import { formatMoment } from "../../charts/format-moment.ts";
import type { TimeChart } from "../../charts/time-chart.ts";
import { DataTable } from "./data-table.ts";
import { Value } from "./value.ts";

/** Nobody reads more rows than this; the database has them all. */
const ROWS_MAX = 24;

/** The numbers behind a chart: evenly chosen moments from the first to the last. */
export function ChartTable({
  chart,
  caption,
}: {
  readonly chart: TimeChart;
  readonly caption: string;
}): JSX.Element {
  const rows = chooseMoments(chart);
  const thinned =
    rows.length < chart.tMs.length ? `, ${rows.length} of ${chart.tMs.length} moments` : "";
  return h(DataTable, {
    caption: `${caption}${thinned}`,
    columns: [
      { title: "t", align: "right" },
      ...chart.lines.map(({ label }) => ({ title: label, align: "right" as const })),
    ],
    rows: rows.map((i) => [
      formatMoment(chart.tMs[i] as number),
      ...chart.lines.map(({ values }) => h(Value, { value: values[i] ?? null, unit: chart.unit })),
    ]),
  });
}

function chooseMoments({ tMs, lines }: TimeChart): number[] {
  const filled = tMs.flatMap((_, i) => (lines.some(({ values }) => values[i] != null) ? [i] : []));
  if (filled.length <= ROWS_MAX) return filled;
  const step = (filled.length - 1) / (ROWS_MAX - 1);
  return Array.from({ length: ROWS_MAX }, (_, k) => filled[Math.round(k * step)] as number);
}
