import { formatPercent, type HistoryAlert } from "@churnlab/core";
import type { HistoryEntry, MetricHistory } from "../build-history.ts";
import { formatTime, formatValue } from "../format-value.ts";
import { nameMetric } from "../name-metric.ts";
import { unitOf } from "../unit-of.ts";
import { drawBar } from "./draw-bar.ts";
import { formatReading } from "./format-reading.ts";
import { layoutTable, type TableRow } from "./layout-table.ts";
import { PLAIN_STYLE, type Style } from "./style.ts";

const BAR_CELLS = 20;

/** A line for each run, oldest first, with a mark where the level changed and a line where the place did. */
export function formatHistory(history: MetricHistory, style: Style = PLAIN_STYLE): string {
  const { scenario, variant, role, metric, runs, alerts } = history;
  const title = `${scenario} / ${variant}: ${nameMetric(role, metric)}`;
  if (runs.length === 0) return `${title}\nno run has measured it`;
  const most = Math.max(...runs.map(({ value }) => value ?? 0));
  const rows = runs.flatMap((run, i): TableRow[] => [
    ...(i > 0 && run.fingerprint !== runs[i - 1]?.fingerprint ? [MOVED] : []),
    [
      run.runId,
      formatTime(run.startedAtUnixMs),
      (run.commit ?? "").slice(0, 10),
      formatReading(metric, { values: run.values, never: false }),
      drawBar((run.value ?? 0) / most, BAR_CELLS),
      formatAlert(run, { alerts, metric, style }),
    ],
  ]);
  const table = layoutTable(
    [
      { title: "run", align: "left" },
      { title: "started", align: "left" },
      { title: "commit", align: "left" },
      { title: "median (replicates)", align: "right" },
      { title: "", align: "left" },
      { title: "", align: "left" },
    ],
    rows,
    style.columns,
  );
  return [style.strong(title), ...table, summarise(alerts)].join("\n");
}

const MOVED = { heading: "— another machine, kernel or engine: a new series —" };

function formatAlert(
  { runId }: HistoryEntry,
  {
    alerts,
    metric,
    style,
  }: { readonly alerts: readonly HistoryAlert[]; readonly metric: string; readonly style: Style },
): string {
  const alert = alerts.find((one) => one.runId === runId);
  if (alert === undefined) return "";
  const { before, after, effect, direction } = alert;
  const size =
    effect === null
      ? `${formatValue(before, unitOf(metric))} → ${formatValue(after, unitOf(metric))}`
      : formatPercent(effect);
  if (direction === "worse") return `${style.bad("✗")} WORSE from here: ${size}`;
  return direction === "better"
    ? `${style.good("✓")} better from here: ${size}`
    : `! changed from here: ${size}`;
}

function summarise(alerts: readonly HistoryAlert[]): string {
  if (alerts.length === 0) return "no change for good";
  return alerts.length === 1 ? "1 change for good" : `${alerts.length} changes for good`;
}
