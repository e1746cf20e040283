import { countHistogram, ERRNO } from "@churnlab/core";
import { bootMs } from "@churnlab/linux";
import { describe, expect, test } from "vitest";
import { MEASURE, WARM_UP, WorkerCounters } from "../src/worker-counters.ts";

describe("the counts of a worker", () => {
  test("are seen by whoever has the same memory", () => {
    const written = new WorkerCounters();
    const read = new WorkerCounters(written.shared);
    written.add(MEASURE, "attempted", 3);
    written.latency("connect", 12.3);
    written.open = 2;
    expect(read.toTally(MEASURE).connections.attempted).toBe(3);
    expect(read.open).toBe(2);
    expect(read.toHistograms().map(countHistogram)).toEqual([0, 1, 0, 0, 0]);
    read.requestStop();
    expect(written.stopping).toBe(true);
  });

  test("say that nobody keeps the load going when the time is over until which it was kept", () => {
    const worker = new WorkerCounters();
    const main = new WorkerCounters(worker.shared);
    expect(worker.stopping).toBe(false);
    main.keepUntil(bootMs() + 60_000);
    expect(worker.stopping).toBe(false);
    main.keepUntil(bootMs() - 1);
    expect(worker.stopping).toBe(true);
  });

  test("keep the phases apart", () => {
    const counters = new WorkerCounters();
    counters.add(WARM_UP, "succeeded");
    counters.add(MEASURE, "requestsDropped", 2);
    expect(counters.toTally(WARM_UP).connections.succeeded).toBe(1);
    expect(counters.toTally(MEASURE).connections.succeeded).toBe(0);
    expect(counters.toTally(MEASURE).requests.dropped).toBe(2);
  });

  test("keep failures by step and errno, with the first and last time in whatever order they come", () => {
    const counters = new WorkerCounters();
    for (const tMs of [50, -3, 20])
      counters.fail(MEASURE, { step: "connect", errno: ERRNO.EADDRNOTAVAIL, tMs });
    counters.fail(MEASURE, { step: "receive", errno: ERRNO.EOF, tMs: 9 });
    expect(counters.toFailures()).toEqual([
      { step: "connect", errno: "EADDRNOTAVAIL", count: 3, firstMs: -3, lastMs: 50 },
      { step: "receive", errno: "EOF", count: 1, firstMs: 9, lastMs: 9 },
    ]);
    expect(counters.toTally(MEASURE).connections.failed).toBe(4);
  });

  test("count failures of the warm-up without detail", () => {
    const counters = new WorkerCounters();
    counters.fail(WARM_UP, { step: "connect", errno: ERRNO.ECONNREFUSED, tMs: -5 });
    expect(counters.toTally(WARM_UP).connections.failed).toBe(1);
    expect(counters.toFailures()).toEqual([]);
  });
});
