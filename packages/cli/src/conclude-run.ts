import type { GateResult } from "@churnlab/core";
import {
  compareRun,
  formatComparison,
  formatComparisonJson,
  formatPredictions,
  judgePredictions,
  judgeRun,
  type PredictionResult,
} from "@churnlab/report";
import { EXIT, type ExitCode } from "./exit-codes.ts";
import { fitScreen } from "./fit-screen.ts";
import type { RunSession } from "./run-session.ts";
import { referTo, suggestNext } from "./suggest-next.ts";
import { terminalStyle } from "./terminal-style.ts";
import { writeReport } from "./write-report.ts";

/** A finished run and the file its scenario came from. */
export interface FinishedRun {
  readonly runId: string;
  readonly file: string;
}

/** Judges a stored run, stores its comparisons, prints both, and writes the reports that were asked for. */
export async function concludeRun(
  { runId, file }: FinishedRun,
  session: RunSession,
): Promise<ExitCode> {
  const { store, terminal } = session;
  const comparison = compareRun(store, runId);
  store.saveComparisons(runId, comparison.rows);
  const gates = judgeRun(comparison.run);
  const predictions = session.gateModel ? judgePredictions(comparison.run) : null;
  terminal.print(
    session.json
      ? formatComparisonJson(comparison, gates)
      : fitScreen(formatComparison(comparison, { style: terminalStyle, gates })),
  );
  if (predictions !== null) {
    terminal.say(fitScreen(formatPredictions(predictions, terminalStyle)));
  }
  session.follower.end(comparison, gates);
  for (const target of session.reporters) {
    await writeReport(target, { store, comparison, gates, file, terminal });
  }
  if (!session.quiet) {
    const name = referTo(runId, store.path);
    terminal.say("");
    suggestNext([`show ${name}`, `compare ${name} --all`, `report ${name}`], terminal);
  }
  return exitCodeOf(gates, predictions);
}

/** Of the gates and, where they are gated, of the port model's predictions (else null). */
export function exitCodeOf(
  gates: readonly GateResult[],
  predictions: readonly PredictionResult[] | null,
): ExitCode {
  const outcomes = new Set(predictions?.map(({ outcome }) => outcome));
  if (outcomes.has("disagrees")) return EXIT.gateFailed;
  const ofGates = exitCodeOfGates(gates);
  return ofGates === EXIT.ok && outcomes.has("not-measured") ? EXIT.broken : ofGates;
}

/**
 * A gate that the trials cannot decide is no failure; `--strict` readers look at the outcome itself. One that could not
 * be judged has not passed: a run whose trials are all invalid must not be green.
 */
function exitCodeOfGates(gates: readonly GateResult[]): ExitCode {
  if (gates.some(({ outcome }) => outcome === "fail")) return EXIT.gateFailed;
  const unjudged = gates.filter(({ outcome }) => outcome === "invalid");
  if (unjudged.length === 0) return EXIT.ok;
  return unjudged.every(isRefused) ? EXIT.notComparable : EXIT.broken;
}

function isRefused({ evidence }: GateResult): boolean {
  return evidence.kind === "none" && evidence.cause === "not-comparable";
}
