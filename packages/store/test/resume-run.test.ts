import { ERROR_CODES, planTrials, type Trial } from "@churnlab/core";
import { describe, expect, test } from "vitest";
import type { Store } from "../src/index.ts";
import { openStore } from "../src/index.ts";
import { completed, makeRecord, scenario, start, TemporaryDirectory } from "./made-run.ts";
import { querySqlite } from "./query-sqlite.ts";

const plan = planTrials(scenario);
const [first, second] = plan.trials as [Trial, Trial];
const by = { version: "0.1.0" };

const lost = {
  state: "invalid",
  reason: "agent b was lost",
  record: makeRecord({ warnings: [{ code: "W_AGENT_LOST", message: "agent b was lost" }] }),
} as const;

function open(directory: TemporaryDirectory): Store {
  return openStore(directory.file("runs.db"), { mode: "write" });
}

describe("a trial of several attempts", () => {
  test("counts by its last attempt; those before it are kept beside", () => {
    using directory = new TemporaryDirectory();
    using store = open(directory);
    const runId = store.startRun(start);
    store.saveAttempt(runId, { trial: first, outcome: lost, attempt: 1 });
    expect(store.loadRun(runId)).toMatchObject({ trials: { invalid: 1, completed: 0 } });
    store.saveAttempt(runId, { trial: first, outcome: completed(), attempt: 2 });
    const run = store.loadRun(runId);
    expect(run.trials).toMatchObject({ invalid: 0, completed: 1 });
    expect(run.trialList.map(({ trialId, attempt }) => [trialId, attempt])).toEqual([[1, 2]]);
    expect(run.earlierAttempts).toMatchObject([{ trialId: 1, attempt: 1, state: "invalid" }]);
    expect(run.earlierAttempts[0]?.measurements).toHaveLength(lost.record.measurements.length);
  });

  test("is read once wherever numbers are read, and named twice in v_trial", () => {
    using directory = new TemporaryDirectory();
    using store = open(directory);
    const runId = store.startRun(start);
    store.saveAttempt(runId, { trial: first, outcome: completed(), attempt: 1 });
    const events = store.loadEvents(runId);
    const once = {
      counts: store.countEvents(runId),
      histograms: store.loadHistograms(runId),
      samples: store.loadSamples(runId).length,
      history: store.loadHistory({
        scenario: scenario.name,
        variant: first.variant,
        role: "client",
        metric: "connections.rate",
      }),
    };
    store.saveAttempt(runId, { trial: first, outcome: completed(), attempt: 2 });
    expect(store.loadEvents(runId)).toEqual(events);
    expect(store.countEvents(runId)).toEqual(once.counts);
    expect(store.loadHistograms(runId)).toEqual(once.histograms);
    expect(store.loadSamples(runId)).toHaveLength(once.samples);
    expect(
      store.loadHistory({
        scenario: scenario.name,
        variant: first.variant,
        role: "client",
        metric: "connections.rate",
      }),
    ).toEqual(once.history);
    const ask = (sql: string) => querySqlite(directory.file("runs.db"), sql);
    expect(ask("SELECT attempt, superseded FROM v_trial ORDER BY attempt")).toEqual([
      { attempt: 1, superseded: 1 },
      { attempt: 2, superseded: 0 },
    ]);
    for (const view of ["measurement", "failure", "sample", "event", "sysctl", "histogram"]) {
      const [seen] = ask(`SELECT count(*) AS n FROM v_${view}`);
      const rows = ask(
        `SELECT count(*) AS n FROM ${view === "sample" ? "sample JOIN series ON series.id = sample.series" : view}`,
      );
      expect(Number(rows[0]?.["n"])).toBe(2 * Number(seen?.["n"]));
    }
  });

  test("has one attempt of each number", () => {
    using directory = new TemporaryDirectory();
    using store = open(directory);
    const runId = store.startRun(start);
    store.saveAttempt(runId, { trial: first, outcome: lost, attempt: 1 });
    expect(() =>
      store.saveAttempt(runId, { trial: first, outcome: completed(), attempt: 1 }),
    ).toThrow(/UNIQUE/);
    expect(store.loadRun(runId).trialList).toMatchObject([{ state: "invalid" }]);
  });

  test("is one of the trials that a completed run had to do", () => {
    using directory = new TemporaryDirectory();
    using store = open(directory);
    const runId = store.startRun(start);
    store.saveAttempt(runId, { trial: first, outcome: lost, attempt: 1 });
    store.saveAttempt(runId, { trial: first, outcome: completed(), attempt: 2 });
    store.finishRun(runId, "completed");
    expect(store.loadRun(runId).plannedTrials).toBe(1);
  });
});

describe("a run that ended before its plan", () => {
  test("is taken over as it is, and what it was in the middle of is an aborted attempt", () => {
    using directory = new TemporaryDirectory();
    using store = open(directory);
    const runId = store.startRun(start);
    store.beginTrial(runId, first, 1);
    store.saveAttempt(runId, { trial: first, outcome: completed(), attempt: 1 });
    store.beginTrial(runId, second, 1);
    store.finishRun(runId, "aborted");
    const run = store.resumeRun(runId, by);
    expect(run).toMatchObject({ state: "running", endedAtUnixMs: null, trials: { completed: 1 } });
    expect(run.trialList.map(({ trialId, state }) => `${trialId} ${state}`)).toEqual([
      "1 completed",
      "2 aborted",
    ]);
    expect(run.trialList[1]).toMatchObject({ phase: null, reason: /killed/ });
    store.saveAttempt(runId, { trial: second, outcome: completed(), attempt: 2 });
    store.finishRun(runId, "completed");
    expect(store.loadRun(runId)).toMatchObject({ state: "completed", trials: { completed: 2 } });
  });

  test("is refused while it goes on, to the process that has it as to others", () => {
    using directory = new TemporaryDirectory();
    using store = open(directory);
    const runId = store.startRun(start);
    expect(() => store.resumeRun(runId, by)).toThrow(/still goes on/);
    store.finishRun(runId, "aborted");
    store.resumeRun(runId, by);
    using another = open(directory);
    expect(() => another.resumeRun(runId, by)).toThrow(
      expect.objectContaining({ code: "E_RESUME" }),
    );
  });

  test("is refused when it is over", () => {
    using directory = new TemporaryDirectory();
    using store = open(directory);
    const runId = store.startRun(start);
    store.finishRun(runId, "completed");
    expect(() => store.resumeRun(runId, by)).toThrow(/is over/);
  });

  test("is refused to another version, and both are named", () => {
    using directory = new TemporaryDirectory();
    using store = open(directory);
    const runId = store.startRun(start);
    store.finishRun(runId, "aborted");
    expect(() => store.resumeRun(runId, { version: "0.2.0" })).toThrow(/0\.1\.0.*0\.2\.0/);
    expect(ERROR_CODES.E_RESUME.exit).toBe(2);
  });
});
