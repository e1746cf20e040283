import type { Role } from "@churnlab/core";
import type { Database } from "better-sqlite3";
import { findRunRow } from "./run-reference.ts";
import type { SampleFilter, SampleSeries } from "./stored-run.ts";

interface SeriesRow {
  readonly id: number;
  readonly trialId: number;
  readonly variant: string;
  readonly role: Role;
  readonly metric: string;
}

const US_PER_MS = 1000;

/** The series that pass the filter, by trial, role and metric. */
export function loadSamples(
  db: Database,
  runId: string,
  filter: SampleFilter = {},
): SampleSeries[] {
  const series = db
    .prepare<[number], SeriesRow>(
      `SELECT series.id, trial.trial_id AS trialId, trial.variant, series.role, metric.name AS metric
       FROM trial JOIN series ON series.trial = trial.id JOIN metric ON metric.id = series.metric
       WHERE trial.run = ? ORDER BY trial.id, series.role, metric.name`,
    )
    .all(findRunRow(db, runId));
  const select = db
    .prepare<[number], [number, number]>(
      "SELECT t_us, value FROM sample WHERE series = ? ORDER BY t_us",
    )
    .raw();
  return series
    .filter((row) => passes(row, filter))
    .map(({ id, trialId, variant, role, metric }) => {
      const points = select.all(id);
      const tMs = Float64Array.from(points, ([tUs]) => tUs / US_PER_MS);
      const values = Float64Array.from(points, ([, value]) => value);
      return { trialId, variant, role, metric, tMs, values };
    });
}

function passes(row: SeriesRow, filter: SampleFilter): boolean {
  return (
    (filter.trialId === undefined || filter.trialId === row.trialId) &&
    (filter.variant === undefined || filter.variant === row.variant) &&
    (filter.role === undefined || filter.role === row.role) &&
    (filter.metrics === undefined || filter.metrics.includes(row.metric))
  );
}
