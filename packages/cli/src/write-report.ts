import { appendFileSync, createWriteStream, writeFileSync } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { GateResult } from "@churnlab/core";
import { errnoOf } from "@churnlab/linux";
import {
  buildReport,
  formatAnnotations,
  formatBenchmark,
  formatComparisonJson,
  formatHgrm,
  formatJunit,
  formatMarkdown,
  formatNdjson,
  formatOpenMetrics,
  formatRunCsv,
  type NdjsonTrialParts,
  type RunComparison,
} from "@churnlab/report";
import type { StoreReader } from "@churnlab/store";
import { cannotWrite } from "./cannot-write.ts";
import type { ReportFormat } from "./report-formats.ts";
import type { Reporter } from "./reporter.ts";
import type { Terminal } from "./terminal.ts";

export interface Reportable {
  readonly store: StoreReader;
  readonly comparison: RunComparison;
  readonly gates: readonly GateResult[];
  /** The scenario's file, which annotations point at. */
  readonly file: string;
  readonly terminal: Terminal;
}

/** Writes one report of a run. Throws `E_OUTPUT` when the file cannot be written. */
export async function writeReport(reporter: Reporter, about: Reportable): Promise<void> {
  if (reporter.format === "github") {
    writeToGitHub(about);
    return;
  }
  if (reporter.format === "ndjson") {
    const { store, comparison, gates } = about;
    const partsOf = (trialId: number): NdjsonTrialParts =>
      loadTrialParts(store, comparison.run.runId, trialId);
    await writeLines(reporter.file, formatNdjson(comparison, { gates, partsOf }));
    return;
  }
  const text =
    reporter.format === "html"
      ? await buildReport(about.store, about.comparison.run.runId)
      : formatReport(reporter.format, about);
  if (reporter.file === null) about.terminal.print(text);
  else writeOutput(reporter.file, text);
}

/** Everything of one trial that its measurements are not. */
export function loadTrialParts(
  store: StoreReader,
  runId: string,
  trialId: number,
): NdjsonTrialParts {
  const filter = { trialId };
  return { events: store.loadEvents(runId, filter), samples: store.loadSamples(runId, filter) };
}

/** Line by line, no faster than the reader takes them. A reader that has seen enough is not an error. */
async function writeLines(file: string | null, lines: Iterable<string>): Promise<void> {
  const source = Readable.from(lines, { highWaterMark: LINES_AHEAD });
  try {
    if (file === null) await pipeline(source, process.stdout, { end: false });
    else await pipeline(source, createWriteStream(file));
  } catch (cause) {
    const code = errnoOf(cause);
    if (code === undefined) throw cause;
    // What goes wrong with stdout is said once, whoever wrote to it (`watchOutput`).
    if (code !== "EPIPE" && file !== null) throw cannotWrite(file, cause);
  }
}

const LINES_AHEAD = 256;

/** Annotations go to the log, the summary to the file that GitHub names. Throws `E_OUTPUT`. */
function writeToGitHub({ comparison, gates, file, terminal }: Reportable): void {
  terminal.print(formatAnnotations(comparison.run, gates, { file }));
  const summary = process.env["GITHUB_STEP_SUMMARY"];
  if (summary === undefined) return;
  try {
    appendFileSync(summary, formatMarkdown(comparison, gates));
  } catch (cause) {
    throw cannotWrite(summary, cause);
  }
}

function formatReport(
  format: Exclude<ReportFormat, "github" | "html" | "ndjson">,
  about: Reportable,
): string {
  const { store, comparison, gates } = about;
  const { run } = comparison;
  switch (format) {
    case "junit":
      return formatJunit(run, gates);
    case "markdown":
      return formatMarkdown(comparison, gates);
    case "json":
      return formatComparisonJson(comparison, gates);
    case "csv":
      return formatRunCsv(run);
    case "openmetrics":
      return formatOpenMetrics(run);
    case "benchmark-smaller":
      return formatBenchmark(run, "smaller");
    case "benchmark-bigger":
      return formatBenchmark(run, "bigger");
    case "hgrm":
      return store
        .loadHistograms(run.runId)
        .map((histogram) => `#[${histogram.variant} ${histogram.metric}]\n${formatHgrm(histogram)}`)
        .join("\n");
  }
}

/** Throws `E_OUTPUT`. */
export function writeOutput(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (cause) {
    throw cannotWrite(file, cause);
  }
}
