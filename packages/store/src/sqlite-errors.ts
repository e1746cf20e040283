import { ChurnError } from "@churnlab/core";

/**
 * What an error of SQLite means to a person; other errors are returned as they are. `SQLITE_FULL` and `SQLITE_IOERR`
 * roll back only the transaction that met them: everything committed before stays.
 */
export function explainSqliteError(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || error.name !== "SqliteError") return error;
  const { code } = error as Error & { code: string };
  const kind = Object.keys(EXPLANATIONS).find((prefix) => code.startsWith(prefix));
  return kind === undefined ? error : (EXPLANATIONS[kind] as Explain)(path, error);
}

/** Whether SQLite may read a file and not write it: by its permissions, its directory's, or its file system's. */
export function isReadOnly(error: unknown): boolean {
  if (!(error instanceof Error) || error.name !== "SqliteError") return false;
  const { code } = error as Error & { code: string };
  return code.startsWith("SQLITE_READONLY") || code.startsWith("SQLITE_CANTOPEN");
}

type Explain = (path: string, cause: Error) => ChurnError;

const EXPLANATIONS: Readonly<Record<string, Explain>> = {
  SQLITE_FULL: (path, cause) =>
    new ChurnError("E_DISK", `No space is left to write ${path}`, {
      hint: "Free some space and run again; every trial saved before this one is kept.",
      cause,
    }),
  SQLITE_IOERR: (path, cause) =>
    new ChurnError("E_DISK", `Writing or reading ${path} failed: ${cause.message}`, {
      hint: "Check the disk and its free space; every trial saved before is kept.",
      cause,
    }),
  SQLITE_NOTADB: (path, cause) =>
    new ChurnError("E_DATABASE", `${path} is not a SQLite database`, {
      hint: "Name another file with --db.",
      cause,
    }),
  SQLITE_CORRUPT: (path, cause) =>
    new ChurnError("E_DATABASE", `${path} is damaged or cut short: ${cause.message}`, {
      hint: `Try \`sqlite3 ${path} .recover\`, or name another file with --db.`,
      cause,
    }),
  SQLITE_CANTOPEN: (path, cause) =>
    new ChurnError("E_DATABASE", `${path} cannot be opened`, {
      hint: "Check that the directory exists and that you may write there.",
      cause,
    }),
  SQLITE_READONLY: (path, cause) =>
    new ChurnError("E_DATABASE", `${path} cannot be written`, {
      hint: "Check its permissions and those of its directory, or name another file with --db.",
      cause,
    }),
  SQLITE_PERM: (path, cause) =>
    new ChurnError("E_DATABASE", `${path} may not be accessed`, {
      hint: "Check its permissions, or name another file with --db.",
      cause,
    }),
  SQLITE_BUSY: (path, cause) =>
    new ChurnError("E_DATABASE", `${path} is locked by another process`, {
      hint: "Wait until the other program has finished writing, or name another file with --db.",
      cause,
    }),
};
