import { maxOf, minOf } from "@churnlab/core/extremes";
import type { StoredRun, StoreReader } from "@churnlab/store";
import { chartTrial, type TimeChartId } from "../charts/chart-trial.ts";
import { findPeak } from "../charts/find-extremes.ts";
import { formatMoment } from "../charts/format-moment.ts";
import { loadTrialSeries } from "../charts/load-trial-series.ts";
import type { ChartLine, TimeChart } from "../charts/time-chart.ts";
import type { TrialSeries } from "../charts/trial-series.ts";
import { formatValue } from "../format-value.ts";
import { drawSparkline } from "./draw-sparkline.ts";
import { layoutTable, type TableRow } from "./layout-table.ts";
import { PLAIN_STYLE, type Style } from "./style.ts";

const CELLS_MAX = 40;
/** Variants beyond these are in the report. */
const VARIANTS_MAX = 6;

/** The lines that have a sparkline, by their chart and label there; of several labels the first that was sampled. */
const LINES: readonly (readonly [TimeChartId, readonly string[]])[] = [
  ["ports-client", ["TIME_WAIT"]],
  ["rates", ["achieved"]],
  ["connect", ["connect() p99", "connect() max"]],
];

interface Drawn {
  readonly trial: TrialSeries;
  readonly chart: TimeChart;
  readonly line: ChartLine;
}

/**
 * The first completed trial of each variant over its time, a line of blocks for each of a few metrics. Equal heights mean
 * equal numbers within a metric. Empty where nothing was sampled.
 */
export function formatOverTime(
  store: StoreReader,
  run: StoredRun,
  { columns }: Style = PLAIN_STYLE,
): string[] {
  const firsts = run.variantList.slice(0, VARIANTS_MAX).flatMap(({ name }) => {
    const own = run.trialList.find((one) => one.variant === name && one.state === "completed");
    return own === undefined ? [] : [own.trialId];
  });
  if (firsts.length === 0) return [];
  const { trials } = loadTrialSeries(store, run, { trialIds: firsts });
  const fromMs = Math.min(
    0,
    minOf(trials.flatMap(({ phases }) => phases.map((span) => span.fromMs))),
  );
  const toMs = Math.max(1, maxOf(trials.flatMap(({ phases }) => phases.map((span) => span.toMs))));
  const rows = LINES.flatMap(([id, labels]): TableRow[] => {
    const drawn = trials.flatMap((trial) => findLine(trial, id, labels));
    const peaks = drawn.map(({ line, chart }) => findPeak(line, chart.tMs)?.value ?? 0);
    const frame = { fromMs, toMs, most: maxOf(peaks), cells: CELLS_MAX };
    return drawn.map(({ trial, chart, line }, i) => [
      `${line.label}, ${trial.variant}`,
      drawSparkline({ tMs: chart.tMs, values: line.values }, frame),
      formatValue(peaks[i] ?? null, chart.unit),
    ]);
  });
  if (rows.length === 0) return [];
  return layoutTable(
    [
      { title: "over time, the first completed trial", align: "left" },
      { title: `${formatMoment(fromMs)} to ${formatMoment(toMs)}`, align: "left" },
      { title: "at most", align: "right" },
    ],
    rows,
    columns,
  );
}

function findLine(trial: TrialSeries, id: TimeChartId, labels: readonly string[]): Drawn[] {
  const chart = chartTrial(trial, id);
  const line = labels
    .map((label) => chart?.lines.find((one) => one.label === label))
    .find((found) => found !== undefined);
  return chart === null || line === undefined ? [] : [{ trial, chart, line }];
}
