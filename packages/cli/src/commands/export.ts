import { ChurnError } from "@churnlab/core";
import { compareRun, judgeRun } from "@churnlab/report";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { openRun } from "../open-run.ts";
import { REPORT_FORMATS, type ReportFormat } from "../report-target.ts";
import { terminal } from "../terminal.ts";
import { writeReport } from "../write-report.ts";

interface ExportOptions {
  readonly db: string;
  readonly format: string;
  readonly output?: string;
}

/** Writes a stored run in one of the formats that other programs read. */
export async function exportRun(reference: string, options: ExportOptions): Promise<ExitCode> {
  const format = REPORT_FORMATS.find((known) => known === options.format);
  if (format === undefined || format === "github") throw unknownFormat(options.format);
  using opened = openRun(reference, options.db);
  const { store, runId } = opened;
  const comparison = compareRun(store, runId);
  const gates = judgeRun(comparison.run);
  const file = options.output === undefined || options.output === "-" ? null : options.output;
  await writeReport({ format, file }, { store, comparison, gates, file: "", terminal });
  return EXIT.ok;
}

function unknownFormat(format: string): ChurnError {
  const formats: readonly ReportFormat[] = REPORT_FORMATS.filter((known) => known !== "github");
  return new ChurnError("E_USAGE", `There is no format "${format}".`, {
    hint: `Name one of ${formats.join(", ")}.`,
  });
}
