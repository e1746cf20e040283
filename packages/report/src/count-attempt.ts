import type { StoredRun, StoredTrial } from "@churnlab/store";

/** Every attempt of a run in the order they ran, also those that others superseded. */
export function listAttempts({ trialList, earlierAttempts }: StoredRun): StoredTrial[] {
  return [...earlierAttempts, ...trialList].toSorted(
    (a, b) => a.startedAtUnixMs - b.startedAtUnixMs,
  );
}

/** Whether a trial has attempts that others superseded. */
export function isRepeated({ earlierAttempts }: StoredRun, { trialId }: StoredTrial): boolean {
  return earlierAttempts.some((earlier) => earlier.trialId === trialId);
}

/** `attempt 2 of 3`. Those that an interruption ended do not count against the scenario's bound. */
export function countAttempt(run: StoredRun, { trialId, attempt }: StoredTrial): string {
  const attempts = listAttempts(run).filter((each) => each.trialId === trialId);
  const interrupted = attempts.filter(({ state }) => state === "aborted").length;
  const of = Math.max(run.resolved.attempts + interrupted, ...attempts.map((each) => each.attempt));
  return `attempt ${attempt} of ${of}`;
}
