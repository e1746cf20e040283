import { formatPercent, type HistoryAlert, maxOf, nameMetric } from "@churnlab/core";
import type { HistoryEntry, MetricHistory } from "../build-history.ts";
import { formatCount, formatTime, formatValue } from "../format-value.ts";
import { unitOf } from "../unit-of.ts";
import { drawBar } from "./draw-bar.ts";
import { formatReading } from "./format-reading.ts";
import { layoutTable, type TableRow } from "./layout-table.ts";
import { PLAIN_STYLE, type Style } from "./style.ts";

const BAR_CELLS = 20;

/** A line for each run, oldest first, with a mark where the level changed and a line where the series does. */
export function formatHistory(history: MetricHistory, style: Style = PLAIN_STYLE): string {
  const { scenario, variant, role, metric, runs, alerts } = history;
  const hasBranches = new Set(runs.map(({ branch }) => branch)).size > 1;
  const seen = new Set<number>();
  const title = `${scenario} / ${variant}: ${nameMetric({ role, metric })}`;
  if (runs.length === 0) return `${title}\nno run has measured it`;
  const most = maxOf(runs.map(({ value }) => value ?? 0));
  const rows = runs.flatMap((run, i): TableRow[] => [
    ...headSeries(run, { previous: runs[i - 1], seen }),
    [
      run.runId,
      formatTime(run.startedAtUnixMs),
      (run.commit ?? "").slice(0, 10),
      ...(hasBranches ? [run.branch ?? ""] : []),
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
      ...(hasBranches ? [{ title: "branch", align: "left" } as const] : []),
      { title: "median (replicates)", align: "right" },
      { title: "", align: "left" },
      { title: "", align: "left" },
    ],
    rows,
    style.columns,
  );
  return [style.strong(title), ...table, summarise(history)].join("\n");
}

/** A line before a run of another series than the run before it. */
function headSeries(
  { series }: HistoryEntry,
  { previous, seen }: { readonly previous: HistoryEntry | undefined; readonly seen: Set<number> },
): TableRow[] {
  const isNew = !seen.has(series);
  seen.add(series);
  if (previous === undefined || previous.series === series) return [];
  return isNew
    ? [{ heading: `— another machine, kernel, engine or scenario: a new series, ${series} —` }]
    : [{ heading: `— series ${series} again —` }];
}

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

function summarise({ alerts, longestSeries, runsNeeded }: MetricHistory): string {
  if (longestSeries < runsNeeded) {
    return `too few runs of one machine and scenario to tell (${longestSeries} of ${runsNeeded})`;
  }
  if (alerts.length === 0) return "no change for good";
  return `${formatCount(alerts.length, "change")} for good`;
}
