import { existsSync, writeFileSync } from "node:fs";
import { planTrials, type Trial } from "@churnlab/core";
import { describe, expect, test } from "vitest";
import { openStore } from "../src/index.ts";
import { listNames } from "../src/list-names.ts";
import { completed, scenario, start, TemporaryDirectory } from "./made-run.ts";
import { querySqlite } from "./query-sqlite.ts";

const trials = planTrials(scenario).trials;

describe("the names that a shell completes", () => {
  test("are the runs, newest first, and the metrics of the newest one", () => {
    using directory = new TemporaryDirectory();
    const file = directory.file("runs.db");
    using store = openStore(file, { mode: "write" });
    expect(listNames("runs", file)).toEqual([]);
    const older = store.startRun(start);
    const newer = store.startRun({ ...start, startedAtUnixMs: start.startedAtUnixMs + 1000 });
    expect(listNames("runs", file)).toEqual(["last", newer, older]);
    expect(listNames("metrics", file)).toEqual([]);
    store.saveAttempt(newer, { trial: trials[0] as Trial, outcome: completed(), attempt: 1 });
    const measured = querySqlite(
      file,
      "SELECT DISTINCT role || '.' || metric AS name FROM v_measurement ORDER BY name",
    );
    expect(measured.length).toBeGreaterThan(2);
    // The run still goes on: its writer holds the file, and readers see what was saved.
    expect(listNames("metrics", file)).toEqual(measured.map(({ name }) => name));
  });

  test("are none where there is no database, or no file of churnlab's, and none is made", () => {
    using directory = new TemporaryDirectory();
    expect(listNames("runs", directory.file("absent.db"))).toEqual([]);
    expect(existsSync(directory.file("absent.db"))).toBe(false);
    for (const text of ["", "not a database\n".repeat(100)]) {
      writeFileSync(directory.file("other.db"), text);
      expect(listNames("runs", directory.file("other.db"))).toEqual([]);
      expect(listNames("metrics", directory.file("other.db"))).toEqual([]);
    }
  });
});
