import type { Database } from "better-sqlite3";
import { initial } from "./migrations/001-initial.ts";

/** Written to the header of every database file (`PRAGMA application_id`): "CHRN" in ASCII. */
export const APPLICATION_ID = 0x4348524e;

/** Each brings a database from schema i to schema i + 1. One that has been released is never changed. */
const MIGRATIONS: readonly string[] = [initial];

/** The schema this churnlab writes (`PRAGMA user_version`). */
export const SCHEMA_VERSION: number = MIGRATIONS.length;

/** Brings a database up to date in one transaction: it has the new schema, or is untouched. */
export function migrate(db: Database, migrations: readonly string[] = MIGRATIONS): void {
  const apply = db.transaction(() => {
    // Read inside the transaction: another process may have migrated while this one waited for the lock.
    const version = readSchemaVersion(db);
    for (const sql of migrations.slice(version)) db.exec(sql);
    if (version < migrations.length) {
      db.pragma(`user_version = ${migrations.length}`);
      db.pragma(`application_id = ${APPLICATION_ID}`);
    }
  });
  apply.immediate();
}

export function readSchemaVersion(db: Database): number {
  return db.pragma("user_version", { simple: true }) as number;
}
