import { readFileSync } from "node:fs";
import { ChurnError, type GateResult } from "@churnlab/core";
import {
  formatGateJson,
  formatGates,
  formatPredictions,
  judgePredictions,
  judgeRun,
  type ResultBaseline,
  readResult,
} from "@churnlab/report";
import type { StoredRun } from "@churnlab/store";
import { exitCodeOf } from "../conclude-run.ts";
import { doubtRun } from "../doubt-run.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { fitScreen } from "../fit-screen.ts";
import { openRun } from "../open-run.ts";
import { terminal } from "../terminal.ts";
import { terminalStyle } from "../terminal-style.ts";

interface GateOptions {
  readonly db: string;
  readonly baseline?: string;
  /** Facts, or the first segments of their names. */
  readonly allowDiff?: readonly string[];
  readonly gateModel?: boolean;
  readonly strict?: boolean;
  readonly json?: boolean;
}

/**
 * Judges the gates of a stored run, against its own baseline variant, another run, or an exported one. A run that is not
 * finished, or has a trial that does not count, ends with 4 as `run` does, whatever its gates say.
 */
export function gate(reference: string, options: GateOptions): ExitCode {
  using opened = openRun(reference, options.db);
  const run = opened.store.loadRun(opened.runId);
  const baseline =
    options.baseline === undefined ? undefined : loadBaseline(options.baseline, options.db);
  const results = judgeRun(run, baseline, options.allowDiff);
  const doubt = doubtRun(run);
  const predictions = options.gateModel ? judgePredictions(run) : null;
  terminal.print(
    options.json
      ? formatGateJson({ run: run.runId, doubt, gates: results, predictions })
      : fitScreen(formatJudged(results, doubt)),
  );
  if (predictions !== null && !options.json) {
    terminal.print(fitScreen(formatPredictions(predictions, terminalStyle)));
  }
  if (doubt !== null) return EXIT.broken;
  const exitCode = exitCodeOf(results, predictions);
  const undecided = results.some(({ outcome }) => outcome !== "pass") || predictions?.length === 0;
  return exitCode === EXIT.ok && options.strict && undecided ? EXIT.notComparable : exitCode;
}

function formatJudged(results: readonly GateResult[], doubt: string | null): string {
  const gates = formatGates(results, terminalStyle) || "the scenario has no gates";
  return doubt === null ? gates : `${gates}\n${terminalStyle.bad("✗")} ${doubt}`;
}

function loadBaseline(reference: string, db: string): StoredRun | ResultBaseline {
  if (reference.endsWith(".json")) return readResult(readBaselineFile(reference), reference);
  using opened = openRun(reference, db);
  return opened.store.loadRun(opened.runId);
}

function readBaselineFile(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new ChurnError("E_BASELINE", `${file} cannot be read`, {
      hint: "Make one with `churnlab show <run> --json`.",
      cause,
    });
  }
}
