import type { Role } from "@churnlab/core";
import type { Database } from "better-sqlite3";
import { findRunRow } from "./run-reference.ts";
import type { SampleFilter } from "./stored-run.ts";

export interface SeriesRow {
  readonly id: number;
  readonly trialId: number;
  readonly variant: string;
  readonly role: Role;
  readonly metric: string;
}

/** The series that pass the filter, by trial, role and metric. */
export function listSeries(db: Database, runId: string, filter: SampleFilter): SeriesRow[] {
  const metrics = filter.metrics === undefined ? null : JSON.stringify(filter.metrics);
  return db
    .prepare<Record<string, unknown>, SeriesRow>(
      `SELECT series.id, trial.trial_id AS trialId, trial.variant, series.role, metric.name AS metric
       FROM trial JOIN series ON series.trial = trial.id JOIN metric ON metric.id = series.metric
       WHERE trial.run = :run AND trial.superseded = 0
         AND (:trialId IS NULL OR trial.trial_id = :trialId)
         AND (:variant IS NULL OR trial.variant = :variant)
         AND (:role IS NULL OR series.role = :role)
         AND (:metrics IS NULL OR metric.name IN (SELECT value FROM json_each(:metrics)))
       ORDER BY trial.id, series.role, metric.name`,
    )
    .all({
      run: findRunRow(db, runId),
      trialId: filter.trialId ?? null,
      variant: filter.variant ?? null,
      role: filter.role ?? null,
      metrics,
    });
}
