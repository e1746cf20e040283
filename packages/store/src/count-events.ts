import type { Role } from "@churnlab/core";
import type { Database } from "better-sqlite3";
import { findRunRow } from "./run-reference.ts";

/** How often something happened in a trial, however often that was. */
export interface EventCount {
  readonly trialId: number;
  readonly variant: string;
  readonly role: Role;
  readonly kind: string;
  readonly count: number;
  readonly firstMs: number;
  readonly lastMs: number;
}

/** By trial, then by what happened first. */
export function countEvents(db: Database, runId: string): EventCount[] {
  return db
    .prepare<[number], EventCount>(
      `SELECT trial.trial_id AS trialId, trial.variant, event.role, event.kind, count(*) AS count,
         min(event.t_ms) AS firstMs, max(event.t_ms) AS lastMs
       FROM trial JOIN event ON event.trial = trial.id
       WHERE trial.run = ? AND trial.superseded = 0
       GROUP BY trial.id, event.role, event.kind ORDER BY trial.id, firstMs, event.role, event.kind`,
    )
    .all(findRunRow(db, runId));
}
