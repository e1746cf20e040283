import { setTimeout as sleep } from "node:timers/promises";
import {
  EMPTY_LIVE_TALLY,
  LatencyHistogram,
  SAMPLE_INTERVAL_MS,
  type TrialWorld,
} from "@churnlab/core";
import { describe, expect, it } from "vitest";
import { Recorder } from "../src/recorder.ts";
import { FakeClock } from "./fakes/fake-clock.ts";
import { FakeObserver, FakeTestbed, portsOf } from "./fakes/fake-world.ts";

async function worldOf(observer: FakeObserver): Promise<TrialWorld> {
  return new FakeTestbed({ observers: [observer] }).build();
}

describe("Recorder", () => {
  it("records a hole for samples that were not taken at their time", async () => {
    const clock = new FakeClock();
    using recorder = new Recorder(await worldOf(new FakeObserver()), clock);
    clock.advance(SAMPLE_INTERVAL_MS * 3.5);
    await sleep(SAMPLE_INTERVAL_MS + 100);
    recorder.finish();
    expect(recorder.missed).toBe(2);
    expect(recorder.events()).toEqual([
      expect.objectContaining({ kind: "sampler.hole", detail: { missed: 2 } }),
    ]);
  });

  it("keeps gauges always and counters only when they moved", async () => {
    const readings = [
      { gauges: { time_wait: 0 }, counters: { "tcpext.TW": 7, "tcp.InErrs": 1 } },
      { gauges: { time_wait: 0 }, counters: { "tcpext.TW": 9, "tcp.InErrs": 1 } },
    ];
    using recorder = new Recorder(await worldOf(new FakeObserver(readings)), new FakeClock());
    recorder.finish();
    const names = recorder.samples().map(({ metric, value }) => `${metric}=${value}`);
    expect(names).toEqual(["time_wait=0", "tcpext.TW=2"]);
  });

  it("looks at the load once more when the measure phase ends", async () => {
    using recorder = new Recorder(await worldOf(new FakeObserver()), new FakeClock());
    let looks = 0;
    recorder.onTick(() => looks++);
    recorder.endMeasure();
    expect(looks).toBe(1);
  });

  it("samples the latencies of what is left when the measure phase ends, and no more of nothing", async () => {
    using recorder = new Recorder(await worldOf(new FakeObserver()), new FakeClock());
    const histogram = new LatencyHistogram();
    histogram.recordUs(40);
    const taken = [[histogram.toRecord("connect")], [histogram.toRecord("connect")], []];
    const shard = { live: () => EMPTY_LIVE_TALLY, takeLatencies: () => taken.shift() ?? [] };
    recorder.watchLoad(
      [shard, { ...shard, engine: "ring", readCpuUs: () => 0 }, { live: shard.live }],
      ["a", "b", "c"].map((name) => ({ name, workers: 2 })),
    );
    expect(recorder.agents).toEqual([]);
    recorder.endMeasure();
    expect(recorder.agents).toMatchObject([
      { agent: "a", workers: 2, engine: null, cpuShare: null, latenessUs: null },
      { agent: "b", workers: 2, engine: "ring", cpuShare: 0 },
      { agent: "c", open: 0 },
    ]);
    recorder.endMeasure();
    const latencies = recorder.samples().filter(({ metric }) => metric.startsWith("latency."));
    expect(latencies.map(({ role, metric, value }) => [role, metric, value])).toEqual([
      ["client", "latency.connect.p50", 40],
      ["client", "latency.connect.max", 40],
    ]);
  });

  it("samples every errno that occurs, of all shards together, from none seen to the last count", async () => {
    const clock = new FakeClock();
    using recorder = new Recorder(await worldOf(new FakeObserver()), clock);
    const failures = [{}, { EADDRNOTAVAIL: 3 }, { EADDRNOTAVAIL: 7, ECONNRESET: 1 }];
    let looks = 0;
    const shard = { live: () => ({ ...EMPTY_LIVE_TALLY, failures: failures[looks] ?? {} }) };
    recorder.watchLoad(
      [shard, shard],
      ["a", "b"].map((name) => ({ name, workers: 1 })),
    );
    for (looks = 0; looks < failures.length; looks++) {
      clock.advance(1);
      recorder.endMeasure();
    }
    const sampled = Map.groupBy(
      recorder.samples().filter(({ metric }) => metric.startsWith("failures.")),
      ({ metric }) => metric,
    );
    expect([...sampled].map(([metric, list]) => [metric, list.map(({ value }) => value)])).toEqual([
      ["failures.EADDRNOTAVAIL", [0, 6, 14]],
      ["failures.ECONNRESET", [0, 2]],
    ]);
  });

  it("dumps the ports as soon as sockets enough for a mark were added, not at the next turn", async () => {
    const empty = { gauges: { time_wait: 0 }, counters: {} };
    const half = { gauges: { time_wait: 60 }, counters: {} };
    const observer = new FakeObserver([empty, half]);
    observer.dumps = [portsOf(0, 100), portsOf(60, 100)];
    using recorder = new Recorder(await worldOf(observer), new FakeClock());
    await sleep(SAMPLE_INTERVAL_MS + 100);
    expect(recorder.events()).toMatchObject([{ kind: "ports.half" }]);
  });

  it("dumps the ports before the load, when the load is over, and at the end of the drain", async () => {
    const observer = new FakeObserver();
    observer.dumps = [0, 8, 2].map((used) => portsOf(used, 10));
    using recorder = new Recorder(await worldOf(observer), new FakeClock());
    recorder.endMeasure();
    recorder.finish();
    expect(recorder.readings()[0]?.ports.map(({ used }) => used)).toEqual([0, 8, 2]);
  });

  it("keeps every tuple of a dump with its time, and says how many its bound left off", async () => {
    const observer = new FakeObserver();
    observer.dumps = [{ ...portsOf(8, 10), tuplesLeftOff: 3 }];
    const clock = new FakeClock();
    using recorder = new Recorder(await worldOf(observer), clock);
    recorder.expectMeasure(clock.nowMs() + 50);
    expect(recorder.portUses()).toEqual([
      { role: "client", tMs: -50, ...observer.dumps[0]?.tuples[0] },
    ]);
    expect(recorder.events()).toContainEqual(
      expect.objectContaining({ kind: "ports.tuples-left-off", detail: { kept: 1, leftOff: 3 } }),
    );
  });

  it("keeps every listener, and shows the deepest queue as the role's", async () => {
    const observer = new FakeObserver([{ gauges: {}, counters: {} }]);
    const idle = { address: "0.0.0.0", port: 22, depth: 0, limit: 128, synReceived: 0 };
    const busy = { address: "::", port: 80, depth: 5, limit: 64, synReceived: 2 };
    observer.queues = { listeners: [idle, busy], synReceived: 2 };
    using recorder = new Recorder(await worldOf(observer), new FakeClock());
    recorder.endMeasure();
    expect(recorder.listenerQueues()).toMatchObject([idle, busy]);
    expect(recorder.samples()).toMatchObject([
      { metric: "accept_queue", value: 5 },
      { metric: "accept_queue.limit", value: 64 },
      { metric: "syn_recv", value: 2 },
    ]);
  });

  it("gives up waiting for connections that stay open, and says so", async () => {
    const idle = { gauges: { "tcp.inuse": 1 }, counters: {} };
    const busy = { gauges: { "tcp.inuse": 3 }, counters: {} };
    using recorder = new Recorder(await worldOf(new FakeObserver([idle, busy])), new FakeClock());
    await recorder.settle();
    expect(recorder.warnings()).toMatchObject([{ code: "W_NOT_SETTLED" }]);
  });
});
