import type { Measurement, Plan, TrialState, Warning } from "@churnlab/core";
import { type EndedTrial, lostAgent, type PastAttempts, type PlanProgress } from "./run-plan.ts";

/** One stored attempt at a trial of a plan. */
export interface PastAttempt {
  readonly trialId: number;
  readonly attempt: number;
  readonly state: TrialState;
  readonly warnings: readonly Warning[];
  readonly measurements: readonly Measurement[];
}

/**
 * How far an interrupted run has come, from the attempts it stored: which trials are over, and how often the others were
 * begun. `attemptsMax` is the bound on attempts that lose an agent.
 */
export function readProgress(
  plan: Plan,
  attempts: readonly PastAttempt[],
  attemptsMax: number,
): PlanProgress {
  const byTrial = Map.groupBy(attempts, ({ trialId }) => trialId);
  const ended: EndedTrial[] = [];
  const open = new Map<number, PastAttempts>();
  for (const trial of plan.trials) {
    const group = byTrial.get(trial.id)?.toSorted((a, b) => a.attempt - b.attempt) ?? [];
    const last = group.at(-1);
    if (last === undefined) continue;
    const interrupted = group.filter(({ state }) => state === "aborted").length;
    const lost = group.filter(lostAgent).length;
    if (last.state === "aborted" || (lostAgent(last) && lost < attemptsMax)) {
      open.set(trial.id, { lost, interrupted });
    } else ended.push({ trial, state: last.state, measurements: last.measurements });
  }
  return { ended, attempts: open };
}
