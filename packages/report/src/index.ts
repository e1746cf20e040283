/**
 * Readers of the store: pure functions from what was stored to a text. Opened first, a comparison; then how it and its
 * run are shown to people, and to programs.
 *
 * @packageDocumentation
 */

// What is compared and judged.

export * from "./build-history.ts";
export * from "./compare-run.ts";
export { type ResultBaseline, readResult } from "./formats/read-result.ts";
export * from "./grade-run.ts";
export { hasEnoughBlocks, type RunningTrial } from "./has-enough-blocks.ts";
export { judgePredictions, type PredictionResult } from "./judge-predictions.ts";
export { judgeRun } from "./judge-run.ts";
export { listRunMetrics } from "./variant-readings.ts";

// To people.

export { describeEvent } from "./charts/describe-event.ts";
export { isCharted } from "./charts/is-charted.ts";
export * from "./format-value.ts";
export { fitText } from "./text/fit-text.ts";
export { formatComparison } from "./text/format-comparison.ts";
export { formatGates } from "./text/format-gates.ts";
export { formatHistory } from "./text/format-history.ts";
export type { FormatOptions } from "./text/format-options.ts";
export { formatOverTime } from "./text/format-over-time.ts";
export { formatPredictions } from "./text/format-predictions.ts";
export { formatRunList } from "./text/format-run-list.ts";
export { formatRunSummary } from "./text/format-run-summary.ts";
export * from "./text/live-block.ts";
export * from "./text/log-lines.ts";
export * from "./text/style.ts";

// To programs.

export { formatAnnotations } from "./formats/format-annotations.ts";
export { type BenchmarkDirection, formatBenchmark } from "./formats/format-benchmark.ts";
export { formatComparisonCsv, formatRunCsv } from "./formats/format-csv.ts";
export { formatHgrm } from "./formats/format-hgrm.ts";
export { formatComparisonJson, formatRunJson, formatShownJson } from "./formats/format-json.ts";
export { formatJunit } from "./formats/format-junit.ts";
export { formatMarkdown } from "./formats/format-markdown.ts";
export {
  formatNdjson,
  formatNdjsonEnd,
  formatNdjsonRun,
  formatNdjsonTrial,
  type NdjsonOptions,
  type NdjsonTrialParts,
} from "./formats/format-ndjson.ts";
export { formatOpenMetrics } from "./formats/format-openmetrics.ts";
export { formatGateJson, type GateDocument } from "./formats/gate-document.ts";
export { formatHistoryJson, type HistoryDocument } from "./formats/history-document.ts";
export * from "./formats/result-document.ts";

// To eyes.

export type { DashboardOptions } from "./dashboard/dashboard-options.ts";
export { offerLiveRuns } from "./dashboard/offer-live-runs.ts";
export { fileSource, type RunSource, storeSource } from "./dashboard/run-source.ts";
export {
  DASHBOARD_PORT,
  type Dashboard,
  startDashboard,
} from "./dashboard/start-dashboard.ts";
export { buildReport } from "./html/build-report.ts";
export { type FeedStart, LiveFeed } from "./live/live-feed.ts";
export type { LiveSample } from "./live/live-message.ts";
