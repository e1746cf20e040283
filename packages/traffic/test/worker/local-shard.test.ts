import {
  ChurnError,
  countHistogram,
  ERRNO,
  findBrokenIdentities,
  type HistogramRecord,
} from "@churnlab/core";
import { afterEach, describe, expect, test, vi } from "vitest";
import { monotonicMs } from "../../src/monotonic.ts";
import type { ArmedWorker } from "../../src/worker/armed-worker.ts";
import { LocalShard } from "../../src/worker/local-shard.ts";
import { MEASURE, WorkerCounters } from "../../src/worker-counters.ts";
import { aWorkload, closed, open } from "../fixtures/a-workload.ts";

afterEach(() => {
  vi.useRealTimers();
});

describe("a shard of this process", () => {
  test("ends the threads of workers that overstay every time-out, and says so", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const aborter = new AbortController();
    const stuck = aWorker({
      ended: new Promise((_resolve, reject) => {
        aborter.signal.addEventListener("abort", () => reject(new ChurnError("E_AGENT", "lost")));
      }),
    });
    const shard = shardOf([stuck], { aborter });
    const running = shard.run(monotonicMs());
    // A second of load, a second of lateness, connect, answer and close of 2 s each, and grace.
    await vi.advanceTimersByTimeAsync(8_000);
    expect(aborter.signal.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(8_000);
    expect(aborter.signal.aborted).toBe(true);
    expect((await running).lost).toContain("time-outs");
  });

  test("stops the other workers when one is lost, and keeps what all of them have counted", async () => {
    const lost = aWorker({
      ended: Promise.reject(new ChurnError("E_AGENT", "gone")),
      cpuUs: [0, null],
    });
    const other = aWorker({});
    for (const { counters } of [lost, other]) {
      for (const counter of ["intended", "attempted", "established"] as const) {
        counters.add(MEASURE, counter, 10);
      }
      counters.add(MEASURE, "succeeded", 7);
      counters.latency("total", 1000);
    }
    other.counters.add(MEASURE, "succeeded", 3);
    const report = await shardOf([lost, other], {}).run(monotonicMs());
    expect(other.counters.stopping).toBe(true);
    expect(report.lost).toBe("gone");
    expect(report.tally.connections).toMatchObject({ attempted: 20, succeeded: 17, failed: 3 });
    expect(report.failures).toMatchObject([{ step: "receive", errno: "UNFINISHED", count: 3 }]);
    expect(findBrokenIdentities(report.tally, report.failures)).toEqual([]);
    const total = report.histograms.find(({ metric }) => metric === "total") as HistogramRecord;
    expect(countHistogram(total)).toBe(2);
    expect(report).toMatchObject({ cpuUs: null, warnings: [] });
  });

  test("throws what a worker met that is no loss, and settles nothing", async () => {
    const broken = aWorker({ ended: Promise.reject(new Error("a bug")) });
    broken.counters.add(MEASURE, "attempted");
    await expect(shardOf([broken], {}).run(monotonicMs())).rejects.toThrow("a bug");
    expect(broken.counters.toFailures()).toEqual([]);
  });

  test("adds up what its workers count, live and in the report", async () => {
    const workers = [aWorker({ cpuUs: [0, 300_000] }), aWorker({ cpuUs: [0, 700_000] })];
    workers.forEach(({ counters }, i) => {
      counters.add(MEASURE, "attempted", i + 1);
      counters.fail(MEASURE, { step: "connect", errno: ERRNO.ECONNREFUSED, tMs: 10 - i });
    });
    const shard = shardOf(workers, {});
    expect(shard.live()).toMatchObject({ attempted: 3, failed: 2, open: 0 });
    const report = await shard.run(monotonicMs());
    expect(report.tally.connections).toMatchObject({ attempted: 3, failed: 2 });
    expect(report.failures).toEqual([
      { step: "connect", errno: "ECONNREFUSED", count: 2, firstMs: 9, lastMs: 10 },
    ]);
    expect(report.cpuUs).toBe(1_000_000);
    expect(report.histograms.map(({ metric }) => metric)).toContain("connect");
  });

  test("reports that failed connects slow a closed loop down, which they do not an open one", async () => {
    const failed = (): ArmedWorker => {
      const worker = aWorker({});
      worker.counters.fail(MEASURE, { step: "connect", errno: ERRNO.EADDRNOTAVAIL, tMs: 42 });
      return worker;
    };
    const [slowed, steady] = await Promise.all([
      shardOf([failed()], { arrival: closed(4) }).run(monotonicMs()),
      shardOf([failed()], { arrival: open(4) }).run(monotonicMs()),
    ]);
    expect(slowed.events).toMatchObject([{ kind: "retries-paced", tMs: 42 }]);
    expect(steady.events).toEqual([]);
  });

  test("warns where the CPU time of a worker cannot be read, and reports none", async () => {
    const workers = [aWorker({ cpuUs: [0, 1000] }), aWorker({ cpuUs: [null, null] })];
    const report = await shardOf(workers, {}).run(monotonicMs());
    expect(report).toMatchObject({ cpuUs: null, cpuShareMax: null });
    expect(report.warnings.map(({ code }) => code)).toEqual(["W_OBSERVER_DEGRADED"]);
  });

  test("warns when a slower engine had to do", async () => {
    const { warnings } = await shardOf([aWorker({})], { fallback: true }).run(monotonicMs());
    expect(warnings.map(({ code }) => code)).toEqual(["W_ENGINE_FALLBACK"]);
  });
});

interface WorkerTraits {
  readonly ended?: Promise<{ readonly endedAtMs: number }>;
  /** CPU time at the first reading and at every later one. */
  readonly cpuUs?: readonly [number | null, number | null];
}

function aWorker({
  ended = Promise.resolve({ endedAtMs: monotonicMs() }),
  cpuUs = [0, 0],
}: WorkerTraits): ArmedWorker {
  ended.catch(() => {});
  let read = false;
  return {
    counters: new WorkerCounters(),
    ended,
    start() {},
    readCpuUs() {
      const us = read ? cpuUs[1] : cpuUs[0];
      read = true;
      return us;
    },
  };
}

function shardOf(
  workers: readonly ArmedWorker[],
  traits: { aborter?: AbortController; arrival?: ReturnType<typeof open>; fallback?: boolean },
): LocalShard {
  const workload = aWorkload({ arrival: traits.arrival ?? open(1) });
  return new LocalShard({
    agent: "local",
    engine: { name: "net", reason: "the fastest", fallback: traits.fallback ?? false },
    aborter: traits.aborter ?? new AbortController(),
    workers,
    shard: {
      trialId: 1,
      seed: 1,
      workload,
      phases: { warmUpMs: 0, measureMs: 1000, drainMs: 0 },
      target: { host: "198.18.0.1", port: 80, path: "/", tls: false },
      share: { first: 0, count: workers.length, of: workers.length },
    },
  });
}
