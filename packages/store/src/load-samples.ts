import type { Database } from "better-sqlite3";
import { listSeries } from "./list-series.ts";
import type { SampleFilter, SampleSeries } from "./stored-run.ts";

const US_PER_MS = 1000;

/** The series that pass the filter, by trial, role and metric. */
export function loadSamples(
  db: Database,
  runId: string,
  filter: SampleFilter = {},
): SampleSeries[] {
  const select = db
    .prepare<[number], [number, number]>(
      "SELECT t_us, value FROM sample WHERE series = ? ORDER BY t_us",
    )
    .raw();
  return listSeries(db, runId, filter).map(({ id, ...series }) => {
    const points = select.all(id);
    const tMs = Float64Array.from(points, ([tUs]) => tUs / US_PER_MS);
    const values = Float64Array.from(points, ([, value]) => value);
    return { ...series, tMs, values };
  });
}
