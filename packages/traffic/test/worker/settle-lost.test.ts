import { CONNECTION_STEPS, ERRNO, findBrokenIdentities } from "@churnlab/core";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { settleLost } from "../../src/worker/settle-lost.ts";
import { type Bank, MEASURE, WARM_UP, WorkerCounters } from "../../src/worker-counters.ts";

/** How far a connection had come when its thread ended; of `failed`: at a step before or after it was established. */
const LIVES = ["opening", "established", "requested", "succeeded", "failed", "refused"] as const;
type Life = (typeof LIVES)[number];

function live(counters: WorkerCounters, bank: Bank, life: Life): void {
  counters.add(bank, "intended");
  counters.add(bank, "attempted");
  if (life === "opening") return;
  if (life === "refused") {
    counters.fail(bank, { step: "connect", errno: ERRNO.ECONNREFUSED, tMs: 1 });
    return;
  }
  counters.add(bank, "established");
  counters.open += 1;
  if (life === "established") return;
  counters.add(bank, "requestsIntended");
  counters.add(bank, "requestsAttempted");
  if (life === "requested") return;
  counters.open -= 1;
  if (life === "succeeded") {
    counters.add(bank, "requestsSucceeded");
    counters.add(bank, "succeeded");
    return;
  }
  counters.fail(bank, { step: "receive", errno: ERRNO.ECONNRESET, tMs: 2 });
  counters.add(bank, "requestsFailed");
}

test("the counts of a worker that is gone add up: what was in flight is unfinished, by how far it had come", () => {
  const lives = fc.array(fc.constantFrom(...LIVES), { maxLength: 40 });
  fc.assert(
    fc.property(lives, lives, (before, measured) => {
      const counters = new WorkerCounters();
      for (const life of before) live(counters, WARM_UP, life);
      for (const life of measured) live(counters, MEASURE, life);
      settleLost(counters, 500);
      const failures = counters.toFailures();
      const count = (...which: readonly Life[]): number =>
        measured.filter((life) => which.includes(life)).length;
      expect(findBrokenIdentities(counters.toTally(MEASURE), failures)).toEqual([]);
      const warmUp = counters.toTally(WARM_UP).connections;
      expect(warmUp.succeeded + warmUp.failed).toBe(before.length);
      expect(counters.open).toBe(0);
      const unfinished = CONNECTION_STEPS.map((step) => [
        step,
        failures.find((f) => f.step === step && f.errno === "UNFINISHED")?.count ?? 0,
      ]);
      expect(Object.fromEntries(unfinished)).toEqual({
        bind: 0,
        connect: count("opening"),
        send: 0,
        receive: count("established", "requested"),
        close: 0,
      });
      expect(counters.toTally(MEASURE).connections.succeeded).toBe(count("succeeded"));
    }),
  );
});

test("a thread that ended between two counts of one connection leaves none that do not add up", () => {
  const torn: readonly ((counters: WorkerCounters) => void)[] = [
    (counters) => counters.add(MEASURE, "intended"),
    // A failure, without its step and errno.
    (counters) => counters.add(MEASURE, "failed"),
    (counters) => counters.add(MEASURE, "requestsIntended"),
  ];
  for (const tear of torn) {
    const counters = new WorkerCounters();
    live(counters, MEASURE, "requested");
    live(counters, MEASURE, "failed");
    tear(counters);
    settleLost(counters, 500);
    expect(findBrokenIdentities(counters.toTally(MEASURE), counters.toFailures())).toEqual([]);
    expect(counters.toTally(MEASURE).connections).toMatchObject({ attempted: 2, failed: 2 });
  }
});
