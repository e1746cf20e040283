import {
  countHistogram,
  mergeHistograms,
  quantileUs,
  type Trial,
  type TrialOutcome,
} from "@churnlab/core";
import { describe, expect, test } from "vitest";
import { openStore } from "../src/index.ts";
import {
  completed,
  makeRecord,
  plan,
  STARTED_AT_UNIX_MS,
  scenario,
  start,
  TemporaryDirectory,
  trialOf,
} from "./made-run.ts";

describe("a run that was saved", () => {
  test("reads back as it was", () => {
    using directory = new TemporaryDirectory();
    using store = openStore(directory.file("runs.db"), { mode: "write" });
    const runId = store.startRun(start);
    store.saveAttempt(runId, { trial: trialOf(0), outcome: completed(), attempt: 1 });
    store.finishRun(runId, "completed");

    const run = store.loadRun(runId);
    expect(run).toMatchObject({
      runId,
      scenario: "tw-reuse",
      state: "completed",
      startedAtUnixMs: STARTED_AT_UNIX_MS,
      seed: 7,
      churnlabVersion: "0.1.0",
      tags: { commit: "abc123", branch: "main" },
      variants: 2,
      plannedTrials: 1,
      trials: { completed: 1, failed: 0, invalid: 0, aborted: 0 },
      resolved: scenario,
      variantList: scenario.variants,
      environment: { facts: { "kernel.release": "6.18.44", "cpu.count": "2", hz: "250" } },
    });
    const record = makeRecord();
    expect(run.trialList).toEqual([
      {
        trialId: 0,
        attempt: 1,
        variant: "baseline",
        replicate: 0,
        block: 0,
        seed: 1000,
        state: "completed",
        phase: null,
        code: null,
        reason: null,
        engine: "net",
        engineReason: "io_uring is switched off here",
        closer: "client",
        startedAtUnixMs: STARTED_AT_UNIX_MS + 250,
        measureMs: 8000,
        warnings: record.warnings,
        measurements: record.measurements,
        failures: record.failures,
        sysctls: record.sysctls.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
        environment: record.environment,
      },
    ]);
  });

  test("keeps how each trial ended", () => {
    using directory = new TemporaryDirectory();
    using store = openStore(directory.file("runs.db"), { mode: "write" });
    const runId = store.startRun(start);
    const record = makeRecord({
      environment: null,
      engine: null,
      engineReason: null,
      closer: null,
    });
    const outcomes: TrialOutcome[] = [
      { state: "completed", record },
      { state: "invalid", record, reason: "counts do not add up" },
      { state: "failed", record, phase: "prepare", code: "E_TARGET", message: "port in use" },
      { state: "aborted", record, phase: "measure" },
      { state: "degraded", record, reason: "agent b was lost" },
    ];
    const trials = [...plan.trials, { ...trialOf(0), id: 4 }];
    outcomes.forEach((outcome, id) =>
      store.saveAttempt(runId, { trial: trials[id] as Trial, outcome, attempt: 1 }),
    );

    const ends = store
      .loadRun(runId)
      .trialList.map(({ state, phase, code, reason }) => ({ state, phase, code, reason }));
    expect(ends).toEqual([
      { state: "completed", phase: null, code: null, reason: null },
      { state: "invalid", phase: null, code: null, reason: "counts do not add up" },
      { state: "failed", phase: "prepare", code: "E_TARGET", reason: "port in use" },
      { state: "aborted", phase: "measure", code: null, reason: null },
      { state: "degraded", phase: null, code: null, reason: "agent b was lost" },
    ]);
    expect(store.listRuns()[0]?.trials).toEqual({
      completed: 1,
      degraded: 1,
      failed: 1,
      invalid: 1,
      aborted: 1,
    });
  });

  test("gives samples in order of time and leaves holes out", () => {
    using directory = new TemporaryDirectory();
    using store = openStore(directory.file("runs.db"), { mode: "write" });
    const runId = store.startRun(start);
    for (const trial of plan.trials)
      store.saveAttempt(runId, { trial, outcome: completed(), attempt: 1 });

    const all = store.loadSamples(runId);
    expect(all).toHaveLength(2 * plan.trials.length);
    expect(store.loadSamples(runId, { trialId: 1, role: "client" })).toEqual([
      {
        trialId: 1,
        variant: "tw_reuse=1",
        role: "client",
        metric: "time_wait",
        tMs: Float64Array.of(-199.875, 200.125),
        values: Float64Array.of(0, 80),
      },
    ]);
    expect(store.loadSamples(runId, { variant: "baseline", metrics: ["time_wait"] })).toHaveLength(
      4,
    );
    expect(store.loadSamples(runId, { metrics: ["other"] })).toEqual([]);
  });

  test("merges the histograms of a variant's completed trials bucket by bucket", () => {
    using directory = new TemporaryDirectory();
    using store = openStore(directory.file("runs.db"), { mode: "write" });
    const runId = store.startRun(start);
    store.saveAttempt(runId, { trial: trialOf(0), outcome: completed(), attempt: 1 });
    store.saveAttempt(runId, { trial: trialOf(2), outcome: completed(), attempt: 1 });
    const record = makeRecord();
    store.saveAttempt(runId, {
      trial: trialOf(1),
      outcome: { state: "invalid", record, reason: "late" },
      attempt: 1,
    });

    const [merged, ...others] = store.loadHistograms(runId);
    expect(others).toEqual([]);
    expect(merged).toMatchObject({ variant: "baseline", role: "client", metric: "connect" });
    const [single] = record.histograms;
    if (merged === undefined || single === undefined) throw new Error("no histogram");
    expect(countHistogram(merged)).toBe(2 * countHistogram(single));
    const expected = mergeHistograms("connect", [single, single]);
    for (const q of [0, 0.5, 0.9, 1]) expect(quantileUs(merged, q)).toBe(quantileUs(expected, q));
  });

  test("keeps events with their detail", () => {
    using directory = new TemporaryDirectory();
    using store = openStore(directory.file("runs.db"), { mode: "write" });
    const runId = store.startRun(start);
    store.saveAttempt(runId, { trial: trialOf(0), outcome: completed(), attempt: 1 });
    expect(store.loadEvents(runId)).toEqual([
      {
        trialId: 0,
        variant: "baseline",
        role: "client",
        tMs: 5120.25,
        kind: "ports.exhausted",
        detail: { errno: "EADDRNOTAVAIL" },
      },
    ]);
  });

  test("has the comparisons that were saved last", () => {
    using directory = new TemporaryDirectory();
    using store = openStore(directory.file("runs.db"), { mode: "write" });
    const runId = store.startRun(start);
    const row = {
      baseline: "baseline",
      variant: "tw_reuse=1",
      role: "client",
      metric: "connections.rate",
      n: 2,
      baselineMedian: 256,
      variantMedian: 400,
      effect: null,
      low: null,
      high: null,
      p: null,
      verdict: "inconclusive",
    } as const;
    store.saveComparisons(runId, [row, { ...row, metric: "connections.failed" }]);
    store.saveComparisons(runId, [row]);
    expect(store.loadRun(runId).comparisons).toEqual([row]);
  });
});
