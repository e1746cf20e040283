import { openStore } from "@churnlab/store";
import { describe, expect, test } from "vitest";
import { buildHistory, formatHistory, type MetricHistory } from "../../src/index.ts";
import { makeRun, TemporaryDirectory } from "../fixtures/make-run.ts";
import { TWO_SECONDS } from "../fixtures/scenarios.ts";

const DAY_MS = 86_400_000;

interface Day {
  readonly us: number;
  readonly kernel?: string;
  readonly branch?: string;
  readonly rate?: string;
}

/** A run a day in which a connection costs the client this much CPU. */
function historyOf(days: readonly Day[], branch?: string): MetricHistory {
  using directory = new TemporaryDirectory();
  using store = openStore(directory.file("runs.db"), { mode: "write" });
  days.forEach(({ us, kernel = "6.18.44", branch: ofDay = "main", rate = "100/s" }, day) =>
    makeRun(store, TWO_SECONDS.replace("100/s", rate), {
      startedAtUnixMs: Date.UTC(2026, 9, 1) + day * DAY_MS,
      tags: { commit: `c${day}`, branch: ofDay },
      outcomeOf: (_, { record }) => {
        const facts = { ...record.environment?.facts, "kernel.release": kernel };
        const measurements = record.measurements.map((m) =>
          m.role === "client" && m.metric === "cpu.us_per_connection" ? { ...m, value: us } : m,
        );
        return { state: "completed", record: { ...record, measurements, environment: { facts } } };
      },
    }),
  );
  const [variant] = store.loadRun(store.findRun("last")).variantList;
  return buildHistory(store, {
    scenario: "two-seconds",
    variant: variant?.name ?? "",
    role: "client",
    metric: "cpu.us_per_connection",
    ...(branch === undefined ? {} : { branch }),
  });
}

const steady = (us: number): Day[] =>
  Array.from({ length: 12 }, (_, i) => ({ us: us + (i % 3) * 0.1 }));

describe("the history of a metric", () => {
  test("marks the run from which it is worse for good", () => {
    const history = historyOf([...steady(60), ...steady(72)]);
    expect(history.runs.map(({ commit }) => commit)).toEqual(
      Array.from({ length: 24 }, (_, day) => `c${day}`),
    );
    expect(history.alerts).toMatchObject([
      { commit: "c12", previousCommit: "c11", direction: "worse" },
    ]);
    const lines = formatHistory(history).split("\n");
    expect(lines.filter((line) => line.includes("WORSE"))).toEqual([
      expect.stringMatching(
        /2026-10-13 00:00 UTC {2}c12 +72 µs +█+▉?.* ✗ WORSE from here: \+(19|20)\.\d %$/,
      ),
    ]);
    expect(lines.at(-1)).toBe("1 change for good");
  });

  test("does not take another kernel for a change of the target", () => {
    const moved = steady(72).map((day) => ({ ...day, kernel: "6.1.0" }));
    const history = historyOf([...steady(60), ...moved]);
    expect(history.alerts).toEqual([]);
    expect(formatHistory(history)).toContain("a new series");
  });

  test("finds the change on each of two machines that take turns", () => {
    const days = [...steady(60), ...steady(72)].flatMap((day) => [
      day,
      { us: day.us * 2, kernel: "6.1.0" },
    ]);
    const history = historyOf(days);
    expect(history.alerts.map(({ commit }) => commit)).toEqual(["c24", "c25"]);
    const text = formatHistory(history);
    expect(text.match(/a new series, 2/g)).toHaveLength(1);
    expect(text.match(/series 1 again/g)).toHaveLength(23);
    expect(text).toMatch(/2 changes for good$/);
  });

  test("does not take an edit of the scenario for a change of the target", () => {
    const edited = steady(72).map((day) => ({ ...day, rate: "50/s" }));
    const history = historyOf([...steady(60), ...edited]);
    expect(history.runs.map(({ series }) => series)).toEqual(
      [1, 2].flatMap((series) => Array.from({ length: 12 }, () => series)),
    );
    expect(history.alerts).toEqual([]);
    expect(formatHistory(history)).toMatch(
      /^too few runs of one machine and scenario to tell \(12 of 14\)$/m,
    );
  });

  test("is of one branch where one is asked for, and else says which branch each run is of", () => {
    const days = steady(60).map((day, i) => ({ ...day, branch: i % 3 === 0 ? "topic" : "main" }));
    const all = formatHistory(historyOf(days)).split("\n");
    expect(all[1]).toMatch(/commit +branch/);
    expect(all.filter((line) => / topic /.test(line))).toHaveLength(4);
    const main = historyOf(days, "main");
    expect(new Set(main.runs.map(({ branch }) => branch))).toEqual(new Set(["main"]));
    expect(main.runs).toHaveLength(8);
    expect(formatHistory(main)).not.toMatch(/branch/);
  });

  test("of something that nobody measured says so", () => {
    using directory = new TemporaryDirectory();
    using store = openStore(directory.file("runs.db"), { mode: "write" });
    const filter = {
      scenario: "x",
      variant: "y",
      role: "client",
      metric: "connections.rate",
    } as const;
    expect(formatHistory(buildHistory(store, filter))).toContain("no run has measured it");
  });
});
