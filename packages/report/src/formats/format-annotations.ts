import type { GateOutcome, GateResult } from "@churnlab/core";
import type { StoredRun } from "@churnlab/store";
import { countAttempt, isRepeated } from "../count-attempt.ts";
import { judgePredictions } from "../judge-predictions.ts";
import { describeBound, nameOutcome } from "../text/format-gates.ts";
import { nameTrial } from "../text/format-trial-notes.ts";

export interface AnnotationPlace {
  /** The scenario file, relative to the repository, so that the annotation appears at it. */
  readonly file?: string;
}

/**
 * Workflow commands of GitHub Actions, one a line: an error for each gate that failed or could not be judged and each
 * prediction of the port model that a trial contradicts, a warning for each gate that is in doubt, each prediction that
 * completed trials did not measure, and each trial that does not count. Empty when there is nothing to say.
 */
export function formatAnnotations(
  run: StoredRun,
  gates: readonly GateResult[],
  place: AnnotationPlace = {},
): string {
  const ofGates = gates.flatMap((result) => {
    const { gate, variant, outcome, reason } = result;
    const level = LEVELS[outcome];
    if (level === null) return [];
    const title = `${run.scenario}${variant === null ? "" : ` / ${variant}`}: gate ${nameOutcome(result)}`;
    const message = `${gate.metric} ${describeBound(gate.bound)}: ${reason}`;
    return [formatCommand(level, { title, ...place }, message)];
  });
  const ofPredictions = judgePredictions(run).flatMap(
    ({ variant, metric, predicted, outcome, trials, reason }) => {
      if (outcome === "agrees" || trials === 0) return [];
      const title = `${run.scenario} / ${variant}: port model ${outcome}`;
      const level = outcome === "disagrees" ? "error" : "warning";
      return [
        formatCommand(level, { title, ...place }, `${metric} predicted ${predicted}: ${reason}`),
      ];
    },
  );
  const ofTrials = run.trialList
    .filter(({ state }) => state !== "completed")
    .map((trial) => {
      const title = `${run.scenario}: trial ${trial.state}`;
      const attempt = isRepeated(run, trial) ? `, ${countAttempt(run, trial)}` : "";
      const message = `${nameTrial(trial)}${attempt}: ${trial.reason ?? `ended in ${trial.phase}`}`;
      return formatCommand("warning", { title, ...place }, message);
    });
  return [...ofGates, ...ofPredictions, ...ofTrials].map((line) => `${line}\n`).join("");
}

const LEVELS: Readonly<Record<GateOutcome, "error" | "warning" | null>> = {
  pass: null,
  fail: "error",
  inconclusive: "warning",
  invalid: "error",
};

function formatCommand(
  level: "error" | "warning",
  properties: Readonly<Record<string, string>>,
  message: string,
): string {
  const list = Object.entries(properties).map(([key, value]) => `${key}=${escapeProperty(value)}`);
  return `::${level} ${list.join(",")}::${escapeData(message)}`;
}

/** The escapes of the runner's command parser (actions/toolkit, core/src/command.ts). */
function escapeData(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
