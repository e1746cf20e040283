import { TRIAL_STATES, type TrialState } from "@churnlab/core";
import type { StoredRun } from "@churnlab/store";
import { EXIT, type ExitCode } from "./exit-codes.ts";

/** What of a run decides whether its gates may speak for it. */
export type RunEnd = Pick<StoredRun, "state" | "plannedTrials"> & {
  /** The last attempt of every trial. */
  readonly trialList: readonly Pick<StoredRun["trialList"][number], "state" | "reason">[];
};

/** Trials of which one is not completed have not shown what they were planned to show, whatever the others say. */
export function exitCodeOfTrials(trials: readonly { readonly state: TrialState }[]): ExitCode {
  return trials.every(({ state }) => state === "completed") ? EXIT.ok : EXIT.broken;
}

/**
 * Why a stored run ends with 4 whatever its gates say: it is not finished, or a trial is not completed. null when every
 * trial that was planned is there and counts.
 */
export function doubtRun({ state, plannedTrials, trialList }: RunEnd): string | null {
  const made = `${trialList.length} of ${plannedTrials} trials`;
  const lost = trialList.filter((trial) => trial.state !== "completed");
  if (lost.length > 0) {
    const kinds = TRIAL_STATES.map((kind) => {
      return { kind, count: lost.filter((trial) => trial.state === kind).length };
    });
    const counted = kinds
      .filter(({ count }) => count > 0)
      .map(({ kind, count }) => `${count} ${kind}`);
    const reason = lost.find((trial) => trial.reason !== null)?.reason ?? null;
    const why = reason === null ? "" : `: ${reason}`;
    return `${lost.length} of ${trialList.length} trials do not count (${counted.join(", ")})${why}`;
  }
  if (state === "running") return `the run is not finished: ${made} so far`;
  if (state === "aborted") return `the run was interrupted after ${made}`;
  if (state === "failed") return `the run broke after ${made}`;
  return null;
}
