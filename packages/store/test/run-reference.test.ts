import { describe, expect, test } from "vitest";
import { openStore, splitRunReference } from "../src/index.ts";
import { makeRunId } from "../src/run-id.ts";
import { start, TemporaryDirectory } from "./made-run.ts";

const HOUR_MS = 3_600_000;

/** A database with three runs, an hour apart. */
function threeRuns(directory: TemporaryDirectory) {
  const store = openStore(directory.file("runs.db"), { mode: "write" });
  const ids = [0, 1, 2].map((hour) =>
    store.startRun({ ...start, startedAtUnixMs: start.startedAtUnixMs + hour * HOUR_MS }),
  );
  return { store, ids: ids as [string, string, string] };
}

describe("a reference to a run", () => {
  test("last is the newest, last~n the n-th before it", () => {
    using directory = new TemporaryDirectory();
    const { store, ids } = threeRuns(directory);
    using _ = store;
    expect(["last", "last~0", "last~1", "last~2"].map((name) => store.findRun(name))).toEqual([
      ids[2],
      ids[2],
      ids[1],
      ids[0],
    ]);
    expect(() => store.findRun("last~3")).toThrow(/holds 3 runs/);
  });

  test("an id or its beginning is enough, in any case and with letters read as digits", () => {
    using directory = new TemporaryDirectory();
    const { store, ids } = threeRuns(directory);
    using _ = store;
    expect(store.findRun(ids[1])).toBe(ids[1]);
    expect(store.findRun(ids[1].slice(0, 8))).toBe(ids[1]);
    expect(store.findRun(ids[1].toLowerCase().replaceAll("0", "o"))).toBe(ids[1]);
  });

  test("a beginning that several share lists them", () => {
    using directory = new TemporaryDirectory();
    const { store, ids } = threeRuns(directory);
    using _ = store;
    expect(() => store.findRun(ids[0].slice(0, 3))).toThrow(
      expect.objectContaining({
        code: "E_RUN_UNKNOWN",
        message: `${ids[0].slice(0, 3)} is the beginning of 3 runs: ${ids.join(", ")}`,
      }),
    );
  });

  test("a near miss is suggested", () => {
    using directory = new TemporaryDirectory();
    const { store, ids } = threeRuns(directory);
    using _ = store;
    const last = ids[2].at(-1) === "Z" ? "Y" : "Z";
    const typed = ids[2].slice(0, -1) + last;
    expect(() => store.findRun(typed)).toThrow(
      expect.objectContaining({ code: "E_RUN_UNKNOWN", hint: `Did you mean ${ids[2]}?` }),
    );
    expect(() => store.findRun("lats")).toThrow(
      expect.objectContaining({ hint: "Did you mean last?" }),
    );
    expect(() => store.findRun("nonsense")).toThrow(
      expect.objectContaining({ hint: "`churnlab runs` lists them." }),
    );
  });

  test("an empty database says how to make a run", () => {
    using directory = new TemporaryDirectory();
    using store = openStore(directory.file("runs.db"), { mode: "write" });
    expect(() => store.findRun("last")).toThrow(/holds no run yet/);
  });

  test.each([
    ["last~2", { file: null, run: "last~2" }],
    ["01KAM", { file: null, run: "01KAM" }],
    ["a/b.db#01KAM", { file: "a/b.db", run: "01KAM" }],
    ["a#b.db#last", { file: "a#b.db", run: "last" }],
    ["other.db#", { file: "other.db", run: "last" }],
    ["other.db", { file: "other.db", run: "last" }],
    ["./elsewhere", { file: "./elsewhere", run: "last" }],
  ])("%s splits into file and run", (reference, parts) => {
    expect(splitRunReference(reference)).toEqual(parts);
  });
});

describe("run ids", () => {
  test("are ten characters that sort by time", () => {
    const ids = Array.from({ length: 50 }, (_, second) =>
      makeRunId(start.startedAtUnixMs + second * 2048),
    );
    expect(ids.toSorted()).toEqual(ids);
    expect(ids.every((id) => /^[0-9A-HJKMNP-TV-Z]{10}$/.test(id))).toBe(true);
  });

  test("stay unique when many runs start at once", () => {
    using directory = new TemporaryDirectory();
    using store = openStore(directory.file("runs.db"), { mode: "write" });
    const ids = Array.from({ length: 100 }, () => store.startRun(start));
    expect(new Set(ids).size).toBe(100);
  });
});
