import {
  ChurnError,
  emptyTrialRecord,
  planTrials,
  type Scenario,
  type Trial,
} from "@churnlab/core";
import type { Database } from "better-sqlite3";
import { loadSummary } from "./list-runs.ts";
import { describeOwner } from "./run-owner.ts";
import { findRunRow } from "./run-reference.ts";
import { saveTrial } from "./save-trial.ts";
import type { RunSummary } from "./stored-run.ts";

/** Notes the attempt that a run is in. */
export function beginTrial(
  db: Database,
  runId: string,
  { trial, attempt }: { readonly trial: Trial; readonly attempt: number },
): void {
  db.prepare("INSERT OR REPLACE INTO current_attempt VALUES (?, ?, ?, ?)").run(
    findRunRow(db, runId),
    trial.id,
    attempt,
    new Date().toISOString(),
  );
}

/** Takes a run over from a process that has gone. In one transaction: of two processes that try, one is refused. */
export function resumeRun(
  db: Database,
  runId: string,
  { version }: { readonly version: string },
): void {
  const take = db.transaction(() => {
    const run = findRunRow(db, runId);
    checkResumable(loadSummary(db, run), version);
    abortCurrentAttempt(db, run, runId);
    db.prepare("UPDATE run SET state = 'running', owner = ?, ended_at = NULL WHERE id = ?").run(
      describeOwner(),
      run,
    );
  });
  take.immediate();
}

/** Throws `E_RESUME` unless the run has ended before its plan did, under this version of churnlab. */
export function checkResumable(run: RunSummary, version: string): void {
  const { runId, state, churnlabVersion, plannedTrials, trials } = run;
  if (state === "running") {
    throw new ChurnError("E_RESUME", `Run ${runId} still goes on in another process`, {
      hint: "Wait for its end, or interrupt it (Ctrl-C): it keeps what it has, and can then be resumed.",
    });
  }
  if (churnlabVersion !== version) {
    throw new ChurnError(
      "E_RESUME",
      `Run ${runId} was made by churnlab ${churnlabVersion}; this is churnlab ${version}`,
      { hint: "Resume it with the churnlab that made it, or start a new run." },
    );
  }
  const over = Object.values(trials).reduce((sum, count) => sum + count, -trials.aborted);
  if (state === "completed" || (state === "failed" && over >= plannedTrials)) {
    throw new ChurnError("E_RESUME", `Run ${runId} is over (${state}): no trial is left to run`, {
      hint: "Start a new run of its scenario.",
    });
  }
}

/** The attempt in which the process was killed: nothing of it was saved, but that it was begun is known. */
function abortCurrentAttempt(db: Database, run: number, runId: string): void {
  const current = db
    .prepare<[number], { trial_id: number; attempt: number; started_at: string }>(
      "SELECT trial_id, attempt, started_at FROM current_attempt WHERE run = ?",
    )
    .get(run);
  if (current === undefined) return;
  const resolved = db.prepare("SELECT resolved FROM run WHERE id = ?").pluck().get(run) as string;
  const { trials } = planTrials(JSON.parse(resolved) as Scenario);
  const trial = trials.find(({ id }) => id === current.trial_id);
  if (trial === undefined) throw new Error(`the plan of ${runId} has no trial ${current.trial_id}`);
  const record = emptyTrialRecord({
    startedAtUnixMs: Date.parse(current.started_at),
    measureMs: trial.spec.phases.measureMs,
  });
  const outcome = { state: "aborted", record, phase: null, reason: KILLED } as const;
  saveTrial(db, runId, { trial, outcome, attempt: current.attempt });
}

const KILLED = "the process of the run was killed";
