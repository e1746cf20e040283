import { appendFileSync, createWriteStream, writeFileSync } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { ChurnError, type GateResult } from "@churnlab/core";
import {
  buildReport,
  formatAnnotations,
  formatBenchmark,
  formatComparisonCsv,
  formatComparisonJson,
  formatHgrm,
  formatJunit,
  formatMarkdown,
  formatNdjson,
  formatOpenMetrics,
  formatRunCsv,
  type RunComparison,
} from "@churnlab/report";
import type { SampleSeries, StoreReader } from "@churnlab/store";
import type { ReportFormat } from "./report-formats.ts";
import type { ReportTarget } from "./report-target.ts";
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
export async function writeReport(target: ReportTarget, about: Reportable): Promise<void> {
  if (target.format === "github") {
    writeToGitHub(about);
    return;
  }
  if (target.format === "ndjson") {
    await writeLines(target.file, listNdjson(about));
    return;
  }
  const text =
    target.format === "html"
      ? await buildReport(about.store, about.comparison.run.runId)
      : formatReport(target.format, about);
  if (target.file === null) about.terminal.print(text);
  else writeOutput(target.file, text);
}

/** The samples of one trial at a time, as all of them may be more than the memory holds. */
function* listNdjson({ store, comparison: { run } }: Reportable): Generator<string> {
  function* listSamples(): Generator<SampleSeries> {
    for (const { trialId } of run.trialList) yield* store.loadSamples(run.runId, { trialId });
  }
  yield* formatNdjson(run, { events: store.loadEvents(run.runId), samples: listSamples() });
}

/** Line by line, no faster than the reader takes them. A reader that has seen enough is not an error. */
async function writeLines(file: string | null, lines: Iterable<string>): Promise<void> {
  const source = Readable.from(lines, { highWaterMark: LINES_AHEAD });
  try {
    if (file === null) await pipeline(source, process.stdout, { end: false });
    else await pipeline(source, createWriteStream(file));
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "EPIPE") return;
    if (code === undefined || file === null) throw cause;
    throw cannotWrite(file, cause);
  }
}

const LINES_AHEAD = 256;

/** Annotations go to the log, the summary to the file that GitHub names. */
function writeToGitHub({ comparison, gates, file, terminal }: Reportable): void {
  terminal.print(formatAnnotations(comparison.run, gates, { file }));
  const summary = process.env["GITHUB_STEP_SUMMARY"];
  if (summary !== undefined) appendFileSync(summary, formatMarkdown(comparison, gates));
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
      return comparison.variants.length > 0 ? formatComparisonCsv(comparison) : formatRunCsv(run);
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

function cannotWrite(file: string, cause: unknown): ChurnError {
  const code = (cause as NodeJS.ErrnoException).code ?? "unknown error";
  return new ChurnError("E_OUTPUT", `${file} cannot be written (${code}).`, {
    hint: "Name a file in a folder that exists and that you may write to.",
    cause,
  });
}
