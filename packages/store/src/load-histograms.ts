import { type HistogramRecord, mergeHistograms, type Role } from "@churnlab/core";
import type { Database } from "better-sqlite3";
import { decodeBuckets } from "./histogram-blob.ts";
import { findRunRow } from "./run-reference.ts";
import type { VariantHistogram } from "./stored-run.ts";

interface HistogramRow {
  readonly variant: string;
  readonly role: Role;
  readonly metric: string;
  readonly buckets: Buffer;
}

/** Merged over the completed trials of each variant; variants in the order in which they first ran. */
export function loadHistograms(db: Database, runId: string): VariantHistogram[] {
  const rows = db
    .prepare<[number], HistogramRow>(
      `SELECT trial.variant, histogram.role, histogram.metric, histogram.buckets
       FROM trial JOIN histogram ON histogram.trial = trial.id
       WHERE trial.run = ? AND trial.state = 'completed' AND trial.superseded = 0
       ORDER BY trial.id, histogram.role, histogram.metric`,
    )
    .all(findRunRow(db, runId));
  const groups = Map.groupBy(rows, (row) => JSON.stringify([row.variant, row.role, row.metric]));
  return [...groups.values()].map((group) => mergeGroup(group));
}

function mergeGroup(group: readonly HistogramRow[]): VariantHistogram {
  const { variant, role, metric } = group[0] as HistogramRow;
  const records: HistogramRecord[] = group.map((row) => decodeBuckets(metric, row.buckets));
  return { variant, role, ...mergeHistograms(metric, records) };
}
