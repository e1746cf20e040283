import { compareRun, judgeRun } from "@churnlab/report";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { openRun } from "../open-run.ts";
import type { EXPORT_FORMATS } from "../report-formats.ts";
import { terminal } from "../terminal.ts";
import { writeReport } from "../write-report.ts";

interface ExportOptions {
  readonly db: string;
  readonly format: (typeof EXPORT_FORMATS)[number];
  readonly output?: string;
}

/** Writes a stored run in one of the formats that other programs read. */
export async function exportRun(
  reference: string,
  { format, output, db }: ExportOptions,
): Promise<ExitCode> {
  using opened = openRun(reference, db);
  const { store, runId } = opened;
  const comparison = compareRun(store, runId);
  const gates = judgeRun(comparison.run);
  const file = output === undefined || output === "-" ? null : output;
  await writeReport({ format, file }, { store, comparison, gates, file: "", terminal });
  return EXIT.ok;
}
