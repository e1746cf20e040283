import { existsSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { ChurnError } from "@churnlab/core";
import type { Database } from "better-sqlite3";
import { markAbandonedRuns } from "./list-runs.ts";
import { loadSqlite } from "./load-sqlite.ts";
import { APPLICATION_ID, migrate, readSchemaVersion, SCHEMA_VERSION } from "./migrations.ts";
import { explainSqliteError, isReadOnly } from "./sqlite-errors.ts";
import { SqliteStore } from "./sqlite-store.ts";
import type { Store, StoreReader } from "./store.ts";

export interface OpenOptions {
  /**
   * `write` makes the file if there is none, and marks runs as aborted whose process is gone. `read` needs a file that is there. Both
   * bring an older schema up to date; `read` changes nothing but that, and refuses where it may not (`E_DATABASE`).
   */
  readonly mode: "read" | "write";
}

/** How long a call waits for a lock of another process before it gives up. */
const LOCK_WAIT_MS = 5000;

/**
 * Opens a database of runs. While a store is open for writing, other processes can read what was saved.
 * Throws `E_PLATFORM`, `E_DATABASE`, `E_DATABASE_NEWER` or `E_DISK`.
 */
export function openStore(path: string, options: { readonly mode: "write" }): Store;
export function openStore(path: string, options: OpenOptions): StoreReader;
export function openStore(path: string, { mode }: OpenOptions): StoreReader {
  const file = resolve(path);
  checkPath(file, mode);
  const BetterSqlite3 = loadSqlite();
  let db: Database | undefined;
  try {
    db = new BetterSqlite3(file, { readonly: mode === "read", timeout: LOCK_WAIT_MS });
    const version = checkSchema(db, file);
    if (mode === "write") prepareForWriting(db);
    if (version === SCHEMA_VERSION || mode === "write") return new SqliteStore(db);
    db.close();
    bringUpToDate(new BetterSqlite3(file, { fileMustExist: true, timeout: LOCK_WAIT_MS }), file);
    db = new BetterSqlite3(file, { readonly: true, timeout: LOCK_WAIT_MS });
    return new SqliteStore(db);
  } catch (error) {
    db?.close();
    throw explainSqliteError(error, file);
  }
}

function checkPath(file: string, mode: OpenOptions["mode"]): void {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat?.isDirectory()) {
    throw new ChurnError("E_DATABASE", `${file} is a directory, not a database`, {
      hint: "Name a file, for example --db churnlab.db.",
    });
  }
  if (stat === undefined && mode === "read") {
    throw new ChurnError("E_DATABASE", `There is no database ${file}`, {
      hint: "`churnlab run <scenario>` makes one here; --db names one elsewhere.",
    });
  }
  if (!existsSync(dirname(file))) {
    throw new ChurnError("E_DATABASE", `There is no directory ${dirname(file)}`, {
      hint: `Make it: mkdir -p ${dirname(file)}`,
    });
  }
}

/** Closes what it is given. Throws `E_DATABASE` for a file that may only be read. */
function bringUpToDate(db: Database, file: string): void {
  try {
    migrate(db);
  } catch (cause) {
    if (!isReadOnly(cause)) throw cause;
    throw new ChurnError(
      "E_DATABASE",
      `${file} was written by an older churnlab, and may not be brought up to date here`,
      { hint: "Copy it to where you may write, and name the copy with --db.", cause },
    );
  } finally {
    db.close();
  }
}

/** The schema of a file. Refuses files of other programs and of newer versions before anything is written to them. */
function checkSchema(db: Database, file: string): number {
  const version = readSchemaVersion(db);
  const isOurs = db.pragma("application_id", { simple: true }) === APPLICATION_ID;
  if (isOurs && version > SCHEMA_VERSION) {
    throw new ChurnError(
      "E_DATABASE_NEWER",
      `${file} has schema ${version}; this churnlab knows schemas up to ${SCHEMA_VERSION}`,
      { hint: "Read it with the churnlab that wrote it, or a newer one." },
    );
  }
  const isEmpty = db.pragma("schema_version", { simple: true }) === 0;
  if (isOurs || (isEmpty && !db.readonly)) return version;
  throw new ChurnError(
    "E_DATABASE",
    isEmpty ? `${file} is empty` : `${file} is a SQLite database of another program`,
    { hint: "Name another file with --db." },
  );
}

/**
 * WAL lets other processes read during a run. A trial is saved once in a while, so each commit can afford to wait
 * until it is on the disk.
 */
function prepareForWriting(db: Database): void {
  db.pragma("journal_mode = WAL");
  db.pragma("synchronous = FULL");
  db.pragma("foreign_keys = ON");
  migrate(db);
  markAbandonedRuns(db);
}
