import type { Database } from "better-sqlite3";
import { loadSqlite } from "./load-sqlite.ts";

/** What a database can name to a shell that completes a line. */
export type StoredNames = "runs" | "metrics";

/** More runs than this nobody picks from; an older one is named by the beginning of its id. */
const RUNS_MAX = 50;
/** All trials of a run measure nearly the same, and to read a thousand of them takes too long for a key press. */
const TRIALS_READ_MAX = 8;
/** Whoever presses a key does not wait for a lock. */
const LOCK_WAIT_MS = 50;

const QUERIES: Readonly<Record<StoredNames, string>> = {
  runs: `SELECT 'last' WHERE EXISTS (SELECT 1 FROM run)
    UNION ALL SELECT * FROM (SELECT run_id FROM run ORDER BY started_at DESC, id DESC LIMIT ${RUNS_MAX})`,
  metrics: `SELECT DISTINCT measurement.role || '.' || metric.name
    FROM measurement JOIN metric ON metric.id = measurement.metric
    WHERE measurement.trial IN (
      SELECT id FROM trial WHERE superseded = 0
        AND run = (SELECT id FROM run ORDER BY started_at DESC, id DESC LIMIT 1)
      ORDER BY id LIMIT ${TRIALS_READ_MAX})
    ORDER BY 1`,
};

/**
 * `last` and the newest runs, newest first; or the metrics of the newest run, as `role.metric`. Nothing where there is no
 * database that can be read now: a shell that completes a line has no place for an error. Stands alone, as it answers a
 * key press, and opens the file to read only, without bringing its schema up to date.
 */
export function listNames(what: StoredNames, file: string): string[] {
  let db: Database | undefined;
  try {
    const BetterSqlite3 = loadSqlite();
    db = new BetterSqlite3(file, { readonly: true, fileMustExist: true, timeout: LOCK_WAIT_MS });
    return db.prepare<[], string>(QUERIES[what]).pluck().all();
  } catch {
    return [];
  } finally {
    db?.close();
  }
}
