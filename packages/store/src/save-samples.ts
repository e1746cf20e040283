import type { Sample } from "@churnlab/core";
import type { Database } from "better-sqlite3";
import type { MetricIds } from "./metric-ids.ts";

const US_PER_MS = 1000;

/**
 * Writes samples in the order of their key, so that every insert appends to the last page. A series has one value at
 * a time: of two within a microsecond the later one stays.
 */
export function saveSamples(
  db: Database,
  trial: number,
  { samples, metrics }: { readonly samples: readonly Sample[]; readonly metrics: MetricIds },
): void {
  const bySeries = new Map<string, Sample[]>();
  for (const sample of samples) {
    const key = `${sample.role}.${sample.metric}`;
    const list = bySeries.get(key);
    if (list === undefined) bySeries.set(key, [sample]);
    else list.push(sample);
  }
  const insertSeries = db.prepare("INSERT INTO series (trial, role, metric) VALUES (?, ?, ?)");
  const insert = db.prepare<[number | bigint, number, number]>(
    "INSERT OR REPLACE INTO sample VALUES (?, ?, ?)",
  );
  for (const list of bySeries.values()) {
    const { role, metric } = list[0] as Sample;
    const { lastInsertRowid: series } = insertSeries.run(trial, role, metrics.idOf(metric));
    list.sort((a, b) => a.tMs - b.tMs);
    for (const { tMs, value } of list) insert.run(series, Math.round(tMs * US_PER_MS), value);
  }
}
