import type { Role } from "@churnlab/core";
import type { Database } from "better-sqlite3";
import { findRunRow } from "./run-reference.ts";
import type { StoredEvent } from "./stored-run.ts";

interface EventRow {
  readonly trialId: number;
  readonly variant: string;
  readonly role: Role;
  readonly tMs: number;
  readonly kind: string;
  readonly detail: string;
}

/** By trial, then as they were recorded. */
export function loadEvents(db: Database, runId: string): StoredEvent[] {
  const rows = db
    .prepare<[number], EventRow>(
      `SELECT trial.trial_id AS trialId, trial.variant, event.role, event.t_ms AS tMs, event.kind, event.detail
       FROM trial JOIN event ON event.trial = trial.id WHERE trial.run = ? ORDER BY trial.id, event.position`,
    )
    .all(findRunRow(db, runId));
  return rows.map(({ trialId, variant, role, tMs, kind, detail }) => {
    return { trialId, variant, role, tMs, kind, detail: JSON.parse(detail) };
  });
}
