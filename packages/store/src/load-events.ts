import type { Role } from "@churnlab/core";
import type { Database } from "better-sqlite3";
import { findRunRow } from "./run-reference.ts";
import type { EventFilter, StoredEvent } from "./stored-run.ts";

interface EventRow {
  readonly trialId: number;
  readonly variant: string;
  readonly role: Role;
  readonly tMs: number;
  readonly kind: string;
  readonly detail: string;
}

/** By trial, then as they were recorded. */
export function loadEvents(db: Database, runId: string, filter: EventFilter = {}): StoredEvent[] {
  const rows = db
    .prepare<Record<string, number | null>, EventRow>(
      `SELECT trialId, variant, role, tMs, kind, detail FROM (
         SELECT trial.id, trial.trial_id AS trialId, trial.variant, event.position, event.role, event.t_ms AS tMs,
           event.kind, event.detail,
           row_number() OVER (PARTITION BY trial.id, event.role, event.kind ORDER BY event.position) AS nth
         FROM trial JOIN event ON event.trial = trial.id
         WHERE trial.run = :run AND trial.superseded = 0 AND (:trialId IS NULL OR trial.trial_id = :trialId))
       WHERE :perKindMax IS NULL OR nth <= :perKindMax ORDER BY id, position`,
    )
    .all({
      run: findRunRow(db, runId),
      trialId: filter.trialId ?? null,
      perKindMax: filter.perKindMax ?? null,
    });
  return rows.map(({ trialId, variant, role, tMs, kind, detail }) => {
    return { trialId, variant, role, tMs, kind, detail: JSON.parse(detail) };
  });
}
