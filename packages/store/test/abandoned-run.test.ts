import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { openStore } from "../src/index.ts";
import { describeOwner, isOwnerAlive } from "../src/run-owner.ts";
import { start, TemporaryDirectory } from "./made-run.ts";
import { querySqlite } from "./query-sqlite.ts";

const killedWriter = fileURLToPath(new URL("killed-writer.ts", import.meta.url));

/** Saves one trial in a process of its own, which then kills itself with SIGKILL. */
function runKilledWriter(path: string): void {
  const kill = () =>
    execFileSync(process.execPath, ["--conditions=@churnlab/source", killedWriter, path]);
  expect(kill).toThrow(expect.objectContaining({ signal: "SIGKILL" }));
}

describe("a run whose process was killed", () => {
  test("keeps what was saved and reads as aborted", () => {
    using directory = new TemporaryDirectory();
    const path = directory.file("runs.db");
    runKilledWriter(path);
    expect(existsSync(`${path}-wal`)).toBe(true);
    using store = openStore(path, { mode: "read" });
    expect(store.loadRun(store.findRun("last"))).toMatchObject({
      state: "aborted",
      endedAtUnixMs: null,
      trials: { completed: 1 },
    });
  });

  test("is marked so that plain SQL sees it, by the next process that writes", () => {
    using directory = new TemporaryDirectory();
    const path = directory.file("runs.db");
    runKilledWriter(path);
    expect(querySqlite(path, "SELECT state FROM v_run")).toEqual([{ state: "running" }]);
    openStore(path, { mode: "write" }).close();
    expect(querySqlite(path, "SELECT state FROM v_run")).toEqual([{ state: "aborted" }]);
    expect(existsSync(`${path}-wal`)).toBe(false);
  });

  test("is not taken for one that still runs", () => {
    using directory = new TemporaryDirectory();
    using store = openStore(directory.file("runs.db"), { mode: "write" });
    const runId = store.startRun(start);
    using second = openStore(directory.file("runs.db"), { mode: "write" });
    expect(second.loadRun(runId).state).toBe("running");
  });
});

describe("the owner of a run", () => {
  const [bootId, pidNamespace, pid, startTicks] = describeOwner().split("/");

  test("is alive while its process is", () => {
    expect(isOwnerAlive(describeOwner())).toBe(true);
  });

  test.each([
    ["another boot", ["other", pidNamespace, pid, startTicks]],
    ["a PID that no process has", [bootId, pidNamespace, "4194305", startTicks]],
  ])("of %s is gone", (_, parts) => {
    expect(isOwnerAlive(parts.join("/"))).toBe(false);
  });

  test("in another PID namespace cannot be seen and counts as alive", () => {
    expect(isOwnerAlive([bootId, "pid:[1]", pid, startTicks].join("/"))).toBe(true);
  });
});
