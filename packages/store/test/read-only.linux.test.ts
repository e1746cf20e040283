import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { openStore } from "../src/index.ts";
import { loadSqlite } from "../src/load-sqlite.ts";
import { start, TemporaryDirectory } from "./made-run.ts";

const reader = fileURLToPath(new URL("read-only-reader.ts", import.meta.url));

/** What reading a database comes to on a disk that only the reader sees, and that nobody may write. */
function readFromReadOnlyDisk(make: (path: string) => void): unknown {
  using directory = new TemporaryDirectory();
  make(directory.file("runs.db"));
  mkdirSync(directory.file("disk"));
  const script =
    'mount -t tmpfs none "$1/disk"; cp "$1/runs.db" "$1/disk"; mount -o remount,ro "$1/disk"; ' +
    'exec "$2" --conditions=@churnlab/source "$3" "$1/disk/runs.db"';
  const inNamespace = ["--user", "--map-root-user", "--mount", "sh", "-ec", script, "sh"];
  const args = [...inNamespace, directory.path, process.execPath, reader];
  return JSON.parse(execFileSync("unshare", args, { encoding: "utf8", timeout: 30_000 }));
}

test("a database of this schema is read where nobody may write", () => {
  const made = readFromReadOnlyDisk((path) => {
    using store = openStore(path, { mode: "write" });
    store.finishRun(store.startRun(start), "completed");
  });
  expect(made).toEqual({ runs: 1 });
});

test("one of an older schema is refused there, with the way to read it all the same", () => {
  const older = readFromReadOnlyDisk((path) => {
    const Sqlite = loadSqlite();
    const db = new Sqlite(path);
    db.pragma("application_id = 0x4348524e");
    db.close();
  });
  expect(older).toEqual({
    code: "E_DATABASE",
    message: expect.stringMatching(/older churnlab.*may not be brought up to date here/),
    hint: expect.stringContaining("--db"),
  });
});
