import { findReentryObstacle, needsReentry, type ProbeResult, runProbes } from "@churnlab/linux";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { fitScreen } from "../fit-screen.ts";
import { formatProbes } from "../format-probes.ts";
import { reenter } from "../reenter.ts";
import { terminal } from "../terminal.ts";
import { terminalStyle } from "../terminal-style.ts";

interface DoctorOptions {
  readonly json?: boolean;
  readonly strict?: boolean;
}

/** Tries what a trial needs where a trial would run: without root, inside a user namespace of its own. */
export async function doctor(options: DoctorOptions): Promise<ExitCode> {
  if (wantsReentry() && findReentryObstacle() === undefined) return reenter();
  const results = await runProbes();
  terminal.print(
    options.json
      ? JSON.stringify({ schemaVersion: 1, probes: results }, null, 2)
      : fitScreen(formatProbes(results, terminalStyle)),
  );
  return options.strict && results.some(isTrouble) ? EXIT.preflight : EXIT.ok;
}

/** Where namespaces are refused for good, the probes say so better than an error would. */
function wantsReentry(): boolean {
  try {
    return needsReentry();
  } catch {
    return false;
  }
}

function isTrouble({ status }: ProbeResult): boolean {
  return status === "fail" || status === "warn";
}
