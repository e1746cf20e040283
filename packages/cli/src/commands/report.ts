import { spawn } from "node:child_process";
import { resolve } from "node:path";
import { buildReport } from "@churnlab/report";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { openRun } from "../open-run.ts";
import { terminal } from "../terminal.ts";
import { writeOutput } from "../write-report.ts";

interface ReportOptions {
  readonly db: string;
  readonly output?: string;
  readonly open?: boolean;
}

const BYTES_PER_KB = 1000;
/** Browsers open larger files, but mail and artefact stores grumble. */
const BYTES_MAX = 5_000_000;

/** Writes the report of a run as one HTML file and says where it is; `-o -` prints it. */
export async function report(reference: string, options: ReportOptions): Promise<ExitCode> {
  using opened = openRun(reference, options.db);
  const html = await buildReport(opened.store, opened.runId);
  if (options.output === "-") {
    terminal.print(html);
    return EXIT.ok;
  }
  const file = options.output ?? `churnlab-${opened.runId}.html`;
  writeOutput(file, html);
  const bytes = Buffer.byteLength(html);
  terminal.print(file);
  terminal.say(`${Math.ceil(bytes / BYTES_PER_KB)} kB, readable without a network or scripts`);
  if (bytes > BYTES_MAX)
    terminal.say("! larger than 5 MB: a run with fewer trials makes a smaller report");
  if (options.open) openInBrowser(resolve(file));
  return EXIT.ok;
}

/** Hands the file to the desktop and does not wait for it. */
function openInBrowser(file: string): void {
  const opener = process.platform === "darwin" ? "open" : "xdg-open";
  const child = spawn(opener, [file], { detached: true, stdio: "ignore" });
  child.on("error", () => terminal.say(`! ${opener} is not there; open ${file} yourself`));
  child.unref();
}
