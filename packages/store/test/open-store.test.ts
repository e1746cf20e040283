import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { describe, expect, test } from "vitest";
import { openStore } from "../src/index.ts";
import { loadSqlite } from "../src/load-sqlite.ts";
import { migrate, SCHEMA_VERSION } from "../src/migrations.ts";
import { completed, start, TemporaryDirectory, trialOf } from "./made-run.ts";
import { querySqlite } from "./query-sqlite.ts";

function makeDatabase(path: string): string {
  using store = openStore(path, { mode: "write" });
  const runId = store.startRun(start);
  store.saveAttempt(runId, { trial: trialOf(0), outcome: completed(), attempt: 1 });
  store.finishRun(runId, "completed");
  return runId;
}

function refusal(path: string, mode: "read" | "write"): unknown {
  try {
    openStore(path, { mode }).close();
  } catch (error) {
    return error;
  }
  return undefined;
}

function refused(code: string, message: RegExp): object {
  return { name: "ChurnError", code, message: expect.stringMatching(message), hint: anyText };
}

const anyText: unknown = expect.stringMatching(/./);

describe("closing", () => {
  test("leaves one file, in a journal mode that needs no other", () => {
    using directory = new TemporaryDirectory();
    const path = directory.file("runs.db");
    const store = openStore(path, { mode: "write" });
    store.startRun(start);
    expect(existsSync(`${path}-wal`)).toBe(true);
    store.close();
    store.close();
    expect(existsSync(`${path}-wal`)).toBe(false);
    expect(existsSync(`${path}-shm`)).toBe(false);
    expect(querySqlite(path, "PRAGMA journal_mode")).toEqual([{ journal_mode: "delete" }]);
  });

  test("while another process reads, the last to close leaves one file", () => {
    using directory = new TemporaryDirectory();
    const path = directory.file("runs.db");
    const store = openStore(path, { mode: "write" });
    const runId = store.startRun(start);
    const reader = openStore(path, { mode: "write" });
    expect(reader.loadRun(runId).state).toBe("running");
    store.close();
    expect(reader.findRun("last")).toBe(runId);
    reader.close();
    expect(existsSync(`${path}-wal`)).toBe(false);
  });
});

describe("during a run", () => {
  test("another process sees every trial as soon as it is saved", () => {
    using directory = new TemporaryDirectory();
    const path = directory.file("runs.db");
    using store = openStore(path, { mode: "write" });
    const runId = store.startRun(start);
    const count = () => querySqlite(path, "SELECT count(*) AS n FROM v_trial")[0]?.["n"];
    expect(count()).toBe(0);
    store.saveAttempt(runId, { trial: trialOf(0), outcome: completed(), attempt: 1 });
    expect(count()).toBe(1);
    using reader = openStore(path, { mode: "read" });
    store.saveAttempt(runId, { trial: trialOf(1), outcome: completed(), attempt: 1 });
    expect(count()).toBe(2);
    expect(reader.loadRun(runId)).toMatchObject({ state: "running", trials: { completed: 2 } });
  });

  test("a measurement that is no number is refused by its name", () => {
    using directory = new TemporaryDirectory();
    using store = openStore(directory.file("runs.db"), { mode: "write" });
    const runId = store.startRun(start);
    const measurements = [
      { role: "client", metric: "connections.rate", value: Number.NaN },
    ] as const;
    expect(() =>
      store.saveAttempt(runId, {
        trial: trialOf(0),
        outcome: completed({ measurements }),
        attempt: 1,
      }),
    ).toThrow("client.connections.rate of a trial is NaN");
    expect(store.loadRun(runId).trialList).toEqual([]);
  });

  test("a trial that cannot be saved whole is not saved at all", () => {
    using directory = new TemporaryDirectory();
    using store = openStore(directory.file("runs.db"), { mode: "write" });
    const runId = store.startRun(start);
    const twice = { role: "client", metric: "connections.rate", value: 1 } as const;
    expect(() =>
      store.saveAttempt(runId, {
        trial: trialOf(0),
        outcome: completed({ measurements: [twice, twice] }),
        attempt: 1,
      }),
    ).toThrow(/UNIQUE/);
    expect(store.loadRun(runId).trialList).toEqual([]);
    store.saveAttempt(runId, { trial: trialOf(0), outcome: completed(), attempt: 1 });
    expect(store.loadRun(runId).trialList).toHaveLength(1);
  });
});

describe("a file that is not ours", () => {
  test("a missing file, a missing directory and a directory are told apart", () => {
    using directory = new TemporaryDirectory();
    const { path } = directory;
    expect(refusal(`${path}/none.db`, "read")).toMatchObject(
      refused("E_DATABASE", /There is no database/),
    );
    expect(refusal(`${path}/a/b.db`, "write")).toMatchObject(
      refused("E_DATABASE", /There is no directory/),
    );
    for (const mode of ["read", "write"] as const) {
      expect(refusal(path, mode)).toMatchObject(refused("E_DATABASE", /is a directory/));
    }
  });

  test("a text file is refused and left alone", () => {
    using directory = new TemporaryDirectory();
    const path = directory.file("notes.txt");
    const text = "not a database\n".repeat(100);
    writeFileSync(path, text);
    for (const mode of ["read", "write"] as const) {
      expect(refusal(path, mode)).toMatchObject(refused("E_DATABASE", /is not a SQLite database/));
    }
    expect(readFileSync(path, "utf8")).toBe(text);
  });

  test("a database of another program is refused and left alone", () => {
    using directory = new TemporaryDirectory();
    const path = directory.file("foreign.db");
    const Sqlite = loadSqlite();
    const foreign = new Sqlite(path);
    foreign.exec("CREATE TABLE theirs (a); PRAGMA user_version = 99");
    foreign.close();
    const before = readFileSync(path);
    for (const mode of ["read", "write"] as const) {
      expect(refusal(path, mode)).toMatchObject(refused("E_DATABASE", /of another program/));
    }
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  test("an empty file can become a database but not be read as one", () => {
    using directory = new TemporaryDirectory();
    const path = directory.file("empty.db");
    writeFileSync(path, "");
    expect(refusal(path, "read")).toMatchObject(refused("E_DATABASE", /is empty/));
    expect(refusal(path, "write")).toBeUndefined();
    expect(refusal(path, "read")).toBeUndefined();
  });

  test("a place that cannot be written is refused", () => {
    expect(refusal("/proc/runs.db", "write")).toMatchObject(
      refused("E_DATABASE", /cannot be opened/),
    );
  });

  test.each([0.25, 0.5, 0.9])("a database cut to %d of its length is refused", (share) => {
    using directory = new TemporaryDirectory();
    const path = directory.file("runs.db");
    makeDatabase(path);
    truncateSync(path, Math.floor(readFileSync(path).length * share));
    for (const mode of ["read", "write"] as const) {
      expect(refusal(path, mode)).toMatchObject(refused("E_DATABASE", /damaged or cut short/));
    }
  });

  test("damage inside a page is reported when it is met", () => {
    using directory = new TemporaryDirectory();
    const path = directory.file("runs.db");
    makeDatabase(path);
    const bytes = readFileSync(path);
    bytes.fill(0xff, 4096, 4 * 4096);
    writeFileSync(path, bytes);
    const error = (() => {
      try {
        using store = openStore(path, { mode: "read" });
        return store.listRuns();
      } catch (caught) {
        return caught;
      }
    })();
    expect(error).toMatchObject(refused("E_DATABASE", /damaged or cut short/));
  });
});

describe("schemas", () => {
  test("a newer schema is refused and left alone", () => {
    using directory = new TemporaryDirectory();
    const path = directory.file("runs.db");
    makeDatabase(path);
    const Sqlite = loadSqlite();
    const db = new Sqlite(path);
    db.pragma(`user_version = ${SCHEMA_VERSION + 1}`);
    db.close();
    const before = readFileSync(path);
    for (const mode of ["read", "write"] as const) {
      expect(refusal(path, mode)).toMatchObject(refused("E_DATABASE_NEWER", /has schema 2/));
    }
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  test.each(["read", "write"] as const)("an older schema is brought up to date to %s", (mode) => {
    using directory = new TemporaryDirectory();
    const path = directory.file("runs.db");
    const Sqlite = loadSqlite();
    const db = new Sqlite(path);
    db.pragma("application_id = 0x4348524e");
    db.close();
    using store = openStore(path, { mode });
    expect(store.listRuns()).toEqual([]);
    expect(querySqlite(path, "PRAGMA user_version")).toEqual([{ user_version: SCHEMA_VERSION }]);
  });

  test("a migration that fails half-way leaves the database as it was", () => {
    const Sqlite = loadSqlite();
    const db = new Sqlite(":memory:");
    const first = "CREATE TABLE a (x)";
    migrate(db, [first]);
    expect(() => migrate(db, [first, "CREATE TABLE b (x)", "CREATE TABLE a (x)"])).toThrow(
      /exists/,
    );
    const names = () => db.prepare("SELECT name FROM sqlite_master ORDER BY name").pluck().all();
    expect(names()).toEqual(["a"]);
    expect(db.pragma("user_version", { simple: true })).toBe(1);
    migrate(db, [first, "CREATE TABLE b (x)"]);
    expect(names()).toEqual(["a", "b"]);
    expect(db.pragma("user_version", { simple: true })).toBe(2);
    db.close();
  });
});

test("a Node that better-sqlite3 would crash is refused first", () => {
  expect(() => loadSqlite({ node: "20.20.2", napi: "9" })).toThrow(
    expect.objectContaining(refused("E_PLATFORM", /Node 20.20.2 is too old/)),
  );
});

test("a copy of a finished database is a database", () => {
  using directory = new TemporaryDirectory();
  const runId = makeDatabase(directory.file("runs.db"));
  mkdirSync(directory.file("elsewhere"));
  copyFileSync(directory.file("runs.db"), directory.file("elsewhere/copy.db"));
  using store = openStore(directory.file("elsewhere/copy.db"), { mode: "read" });
  expect(store.loadRun(runId).trialList).toHaveLength(1);
});
