import { nameMetric, type Sample } from "@churnlab/core";
import type { Database, Statement } from "better-sqlite3";
import type { MetricIds } from "./metric-ids.ts";

const US_PER_MS = 1000;

/** Rows per INSERT: the cost of a call is shared by this many rows, which triples the rate. */
const BATCH_ROWS = 64;

/**
 * Writes samples in the order of their key, so that every insert appends to the last page. A series has one value at
 * a time: of two within a microsecond the later one stays.
 */
export function saveSamples(
  db: Database,
  trial: number,
  { samples, metrics }: { readonly samples: readonly Sample[]; readonly metrics: MetricIds },
): void {
  const insertSeries = db.prepare("INSERT INTO series (trial, role, metric) VALUES (?, ?, ?)");
  const inserter = new BatchInserter(db);
  for (const series of groupBySeries(samples)) {
    const { role, metric } = series[0] as Sample;
    const { lastInsertRowid } = insertSeries.run(trial, role, metrics.idOf(metric));
    series.sort((a, b) => a.tMs - b.tMs);
    for (const { tMs, value } of series) {
      inserter.add(Number(lastInsertRowid), Math.round(tMs * US_PER_MS), value);
    }
  }
  inserter.flush();
}

function groupBySeries(samples: readonly Sample[]): Iterable<Sample[]> {
  return Map.groupBy(samples, nameMetric).values();
}

class BatchInserter {
  readonly #insertBatch: Statement;
  readonly #insertOne: Statement;
  #pending: number[] = [];

  constructor(db: Database) {
    const insert = (rows: number): Statement =>
      db.prepare(`INSERT OR REPLACE INTO sample VALUES ${Array(rows).fill("(?, ?, ?)").join()}`);
    this.#insertBatch = insert(BATCH_ROWS);
    this.#insertOne = insert(1);
  }

  add(series: number, tUs: number, value: number): void {
    this.#pending.push(series, tUs, value);
    if (this.#pending.length < 3 * BATCH_ROWS) return;
    this.#insertBatch.run(this.#pending);
    this.#pending = [];
  }

  flush(): void {
    for (let i = 0; i < this.#pending.length; i += 3) {
      this.#insertOne.run(this.#pending.slice(i, i + 3));
    }
    this.#pending = [];
  }
}
