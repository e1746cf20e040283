import { countHistogram, mergeHistograms } from "@churnlab/core";
import { array, assert, boolean, nat, property, record } from "fast-check";
import { describe, expect, it } from "vitest";
import { LatencyWatch } from "../../src/worker/latency-watch.ts";
import { WorkerCounters } from "../../src/worker-counters.ts";

describe("LatencyWatch", () => {
  it("takes what was recorded since the last look, of all workers together", () => {
    const workers = [new WorkerCounters(), new WorkerCounters()] as const;
    const watch = new LatencyWatch(workers);
    expect(watch.take()).toEqual([]);
    workers[0].latency("connect", 50);
    workers[1].latency("connect", 50);
    workers[1].latency("connect", 90);
    workers[0].latency("first_byte", 10);
    expect(watch.take()).toMatchObject([
      { metric: "connect", indexes: Uint32Array.of(500, 900), counts: Uint32Array.of(2, 1) },
    ]);
    workers[0].latency("request", 70);
    expect(watch.take().map(({ metric }) => metric)).toEqual(["request"]);
    expect(watch.take()).toEqual([]);
  });

  it("takes every value exactly once, however often it looks", () => {
    const value = record({ worker: nat(2), us: nat(5_000_000), looks: boolean() });
    assert(
      property(array(value, { maxLength: 40 }), (values) => {
        const workers = [new WorkerCounters(), new WorkerCounters(), new WorkerCounters()];
        const watch = new LatencyWatch(workers);
        const taken = values.flatMap(({ worker, us, looks }) => {
          workers[worker]?.latency("connect", us);
          return looks ? watch.take() : [];
        });
        const all = mergeHistograms("connect", [...taken, ...watch.take()]);
        const own = workers.flatMap((counters) =>
          counters.toHistograms().filter(({ metric }) => metric === "connect"),
        );
        expect(all).toEqual(mergeHistograms("connect", own));
        expect(countHistogram(all)).toBe(values.length);
      }),
      { numRuns: 30 },
    );
  });
});
