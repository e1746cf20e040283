import { h } from "preact";
import { render } from "preact-render-to-string";
import { buildTrend } from "../build-trend.ts";
import { encodeSeries } from "../charts/encode-series.ts";
import { loadTrialSeries } from "../charts/load-trial-series.ts";
import { compareRun } from "../compare-run.ts";
import { formatComparisonJson, formatRunJson } from "../formats/format-json.ts";
import { loadReportData } from "../html/report-data.ts";
import { renderReportBody, titleOf } from "../html/report-page.ts";
import { judgeRun } from "../judge-run.ts";
import type { PageOrder } from "./page-order.ts";
import { ComparePage } from "./pages/compare-page.ts";
import { HistoryPage } from "./pages/history-page.ts";
import { renderPage } from "./pages/layout.ts";
import { TrendPage } from "./pages/trend-page.ts";
import type { RunSource } from "./run-source.ts";

/** Points of a series that is asked for as JSON. */
const BINS_MAX = 4000;

type Order<Kind extends PageOrder["kind"]> = Extract<PageOrder, { readonly kind: Kind }>;

/** Builds what is ordered: HTML, JSON, or bytes. Throws what the source throws, `E_RUN_UNKNOWN` above all. */
export function buildPage(source: RunSource, order: PageOrder): string | Uint8Array {
  switch (order.kind) {
    case "history":
      return historyPage(source);
    case "trend":
      return trendPage(source, order);
    case "report":
      return reportPage(source, order);
    case "compare":
      return comparePage(source, order);
    case "series-binary":
      return source.read((store) => {
        const run = store.loadRun(store.findRun(order.run));
        return encodeSeries(loadTrialSeries(store, run).trials);
      });
    case "run-json":
      return source.read((store) => {
        const run = store.loadRun(store.findRun(order.run));
        return formatRunJson(run, judgeRun(run));
      });
    case "comparison-json":
      return comparisonJson(source, order);
    case "runs-json":
    case "trend-json":
    case "series-json":
    case "events-json":
      return JSON.stringify({ schemaVersion: 1, ...readDocument(source, order) });
  }
}

function historyPage(source: RunSource): string {
  const runs = source.read((store) => store.listRuns());
  const body = render(h(HistoryPage, { runs, path: source.path }));
  return renderPage({ title: "Runs · churnlab", at: "history", body, script: "dashboard.js" });
}

function trendPage(source: RunSource, { choice }: Order<"trend">): string {
  const trend = source.read((store) => buildTrend(store, choice));
  const body = render(h(TrendPage, { trend }));
  const title = trend === null ? "Trend" : `${trend.history.scenario} · trend`;
  return renderPage({ title: `${title} · churnlab`, at: "trend", body, script: "dashboard.js" });
}

function reportPage(source: RunSource, order: { readonly run: string }): string {
  const { data, runs } = source.read((store) => ({
    data: loadReportData(store, store.findRun(order.run)),
    runs: store.listRuns().map((run) => run.runId),
  }));
  const { runId, state } = data.run;
  const place = runs.indexOf(runId);
  const series = `<script type="application/octet-stream" id="series" data-source="/api/runs/${runId}/series.bin"></script>`;
  return renderPage({
    title: titleOf(data),
    at: "none",
    body: `${renderReportBody(data)}\n${series}`,
    script: "report.js",
    neighbours: { before: runs[place - 1], after: runs[place + 1] },
    data: { run: { runId, state } },
  });
}

function comparePage(source: RunSource, { a, b }: Order<"compare">): string {
  const comparison = source.read((store) => {
    const against = store.loadRun(store.findRun(a));
    return compareRun(store, store.findRun(b), { against });
  });
  const title = `${comparison.run.runId} against ${comparison.baselineRun.runId} · churnlab`;
  const body = render(h(ComparePage, { comparison }));
  return renderPage({ title, at: "none", body, script: "dashboard.js" });
}

function comparisonJson(source: RunSource, { run, against }: Order<"comparison-json">): string {
  return source.read((store) => {
    const other = against === undefined ? {} : { against: store.loadRun(store.findRun(against)) };
    const comparison = compareRun(store, store.findRun(run), other);
    return formatComparisonJson(comparison, judgeRun(comparison.run));
  });
}

function readDocument(
  source: RunSource,
  order: Order<"runs-json" | "trend-json" | "series-json" | "events-json">,
): object {
  switch (order.kind) {
    case "runs-json":
      return { runs: source.read((store) => store.listRuns()) };
    case "trend-json":
      return { trend: source.read((store) => buildTrend(store, order.choice)) };
    case "series-json":
      return { series: readSeries(source, order) };
    case "events-json":
      return readEvents(source, order);
  }
}

function readSeries(source: RunSource, { run, trial }: Order<"series-json">): object[] {
  return source
    .read((store) =>
      store.binSamples(store.findRun(run), { binsMax: BINS_MAX, ...onlyTrial(trial) }),
    )
    .map(({ tMs, mean, min, max, ...series }) => ({
      ...series,
      tMs: [...tMs],
      mean: [...mean],
      min: [...min],
      max: [...max],
    }));
}

function readEvents(source: RunSource, { run, trial, perKind }: Order<"events-json">): object {
  return source.read((store) => {
    const runId = store.findRun(run);
    const counts = store
      .countEvents(runId)
      .filter(({ trialId }) => trial === undefined || trialId === trial);
    const events = store.loadEvents(runId, { perKindMax: perKind, ...onlyTrial(trial) });
    return { events, counts };
  });
}

function onlyTrial(trial: number | undefined): { readonly trialId?: number } {
  return trial === undefined ? {} : { trialId: trial };
}
