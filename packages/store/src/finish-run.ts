import type { Database } from "better-sqlite3";
import { findRunRow } from "./run-reference.ts";
import type { RunState } from "./stored-run.ts";

export function finishRun(db: Database, runId: string, state: Exclude<RunState, "running">): void {
  db.prepare("UPDATE run SET state = ?, ended_at = ?, owner = NULL WHERE id = ?").run(
    state,
    new Date().toISOString(),
    findRunRow(db, runId),
  );
}
