import { DatabaseSync } from "node:sqlite";
import { type TrialOutcome, WARNING_CODES, type Warning, type WarningCode } from "@churnlab/core";

/** A busy machine makes a generator late and a clock unsure; what ports and TIME_WAIT do to counts does not depend on that. */
const OF_THE_MACHINE: ReadonlySet<WarningCode> = new Set(["W_GENERATOR_LIMITED", "W_CLOCK_UNSURE"]);

interface Judged {
  readonly state: string;
  readonly warnings: readonly Warning[];
}

/** Whether a trial is invalid, and by nothing but how busy the machine was. */
export function isOnlyLate({ state, warnings }: Judged): boolean {
  if (state !== "invalid") return false;
  const fatal = warnings.filter(({ code }) => WARNING_CODES[code].invalidates);
  return fatal.length > 0 && fatal.every(({ code }) => OF_THE_MACHINE.has(code));
}

/** `completed` also for a trial that is only late; any other state with what the trial says of it. */
export function stateBesideLate(outcome: TrialOutcome): string {
  const { state, record } = outcome;
  if (state === "completed" || isOnlyLate({ state, warnings: record.warnings })) return "completed";
  return `${state}: ${whyNot(outcome)}`;
}

function whyNot(outcome: TrialOutcome): string {
  if (outcome.state === "failed") return outcome.message;
  // One that was never begun has no warnings, but a reason.
  if (outcome.state === "aborted" && outcome.reason !== undefined) return outcome.reason;
  return JSON.stringify(outcome.record.warnings);
}

/** One attempt at a trial, as it is stored. */
export interface StoredAttempt {
  readonly trial: number;
  readonly attempt: number;
  readonly state: string;
  readonly reason: string | null;
}

/** Whether some trial that counts of the newest run is only late: the machine may have more time for the next run. */
export function wasLate(database: string): boolean {
  return readAttempts(database).some((row) => row.superseded === 0 && isOnlyLate(row));
}

/**
 * All attempts of the newest run of a database, in their order, as a machine that is not busy has them: one that is only late counts as
 * completed, or not at all where a later one has its place.
 */
export function listAttempts(database: string): StoredAttempt[] {
  return readAttempts(database).flatMap(({ superseded, warnings, ...row }) => {
    if (!isOnlyLate({ state: row.state, warnings })) return [row];
    return superseded === 1 ? [] : [{ ...row, state: "completed", reason: null }];
  });
}

/** That a run came to its end well: with 0, or with 4 where no trial is worse than late. Throws with what it said. */
export function expectRan(
  { code, said }: { readonly code: number | null; readonly said: string },
  database: string,
): void {
  if (code === 0) return;
  if (code !== 4) throw new Error(`the run ended with ${code}:\n${said}`);
  const counted = readAttempts(database).filter(({ superseded }) => superseded === 0);
  const worse = counted.filter((trial) => trial.state !== "completed" && !isOnlyLate(trial));
  if (worse.length > 0 || !counted.some(isOnlyLate)) {
    throw new Error(`the run ended with 4, by ${JSON.stringify(worse)}:\n${said}`);
  }
}

interface Row extends StoredAttempt {
  readonly superseded: number;
  readonly warnings: readonly Warning[];
}

function readAttempts(database: string): Row[] {
  const db = new DatabaseSync(database, { readOnly: true });
  try {
    const rows = db
      .prepare(
        `SELECT trial_id AS trial, attempt, state, reason, superseded,
           (SELECT json_group_array(json_object('code', code, 'message', message))
            FROM warning WHERE warning.trial = trial.id) AS warnings
         FROM trial WHERE run = (SELECT max(id) FROM run) ORDER BY trial_id, attempt`,
      )
      .all() as unknown as (Omit<Row, "warnings"> & { readonly warnings: string })[];
    return rows.map((row) => ({ ...row, warnings: JSON.parse(row.warnings) as Warning[] }));
  } finally {
    db.close();
  }
}
