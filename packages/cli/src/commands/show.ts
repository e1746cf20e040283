import { formatOverTime, formatRunSummary, formatShownJson } from "@churnlab/report";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { fitScreen } from "../fit-screen.ts";
import { openRun } from "../open-run.ts";
import { terminal } from "../terminal.ts";
import { terminalStyle } from "../terminal-style.ts";

/** Prints one run, or its JSON document. Throws as `openRun` does. */
export function show(
  reference: string,
  options: { readonly db: string; readonly all?: boolean; readonly json?: boolean },
): ExitCode {
  using opened = openRun(reference, options.db);
  const run = opened.store.loadRun(opened.runId);
  const peaks = opened.store.loadPeaks(opened.runId);
  if (options.json) {
    terminal.print(formatShownJson(run, peaks));
    return EXIT.ok;
  }
  const all = options.all ?? false;
  const summary = formatRunSummary(run, { style: terminalStyle, all, peaks });
  const overTime = formatOverTime(opened.store, run, terminalStyle).join("\n");
  terminal.print(fitScreen(overTime === "" ? summary : `${summary}\n\n${overTime}`));
  return EXIT.ok;
}
