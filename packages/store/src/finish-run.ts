import type { Database } from "better-sqlite3";
import { findRunRow } from "./run-reference.ts";
import type { RunState } from "./stored-run.ts";

/** A run that completed did all that it had to: with `replicates: auto`, often less than was planned. */
export function finishRun(db: Database, runId: string, state: Exclude<RunState, "running">): void {
  db.prepare(`UPDATE run SET state = $state, ended_at = $endedAt, owner = NULL,
       planned_trials = CASE $state WHEN 'completed'
         THEN (SELECT count(*) FROM trial WHERE trial.run = run.id AND superseded = 0) ELSE planned_trials END
     WHERE id = $run`).run({
    state,
    endedAt: new Date().toISOString(),
    run: findRunRow(db, runId),
  });
}
