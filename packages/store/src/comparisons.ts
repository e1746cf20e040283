import type { Database } from "better-sqlite3";
import { MetricIds } from "./metric-ids.ts";
import { findRunRow } from "./run-reference.ts";
import type { ComparisonRow } from "./stored-run.ts";

/** Replaces all comparisons of a run. */
export function saveComparisons(db: Database, runId: string, rows: readonly ComparisonRow[]): void {
  const replace = db.transaction(() => {
    const run = findRunRow(db, runId);
    const metrics = new MetricIds(db);
    db.prepare("DELETE FROM comparison WHERE run = ?").run(run);
    const insert = db.prepare(
      "INSERT INTO comparison VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    );
    for (const row of rows) {
      insert.run(
        run,
        row.baseline,
        row.variant,
        row.role,
        metrics.idOf(row.metric),
        row.n,
        row.baselineMedian,
        row.variantMedian,
        row.effect,
        row.low,
        row.high,
        row.p,
        row.verdict,
      );
    }
  });
  replace.immediate();
}

export function loadComparisons(db: Database, run: number): ComparisonRow[] {
  return db
    .prepare<[number], ComparisonRow>(
      `SELECT baseline, variant, role, metric.name AS metric, n, baseline_median AS baselineMedian,
         variant_median AS variantMedian, effect, low, high, p, verdict
       FROM comparison JOIN metric ON metric.id = comparison.metric
       WHERE run = ? ORDER BY variant, role, metric.id`,
    )
    .all(run);
}
