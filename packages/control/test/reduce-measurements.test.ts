import type {
  CounterReading,
  Measurement,
  Role,
  ShardReport,
  Trial,
  TrialWorld,
} from "@churnlab/core";
import { describe, expect, it } from "vitest";
import { Recorder } from "../src/recorder.ts";
import { reduceMeasurements } from "../src/reduce-measurements.ts";
import { aTrial } from "./fakes/a-trial.ts";
import { FakeClock } from "./fakes/fake-clock.ts";
import { FakeObserver, FakeTestbed, NO_LOAD, portsOf, reportOf } from "./fakes/fake-world.ts";

interface Reduced {
  readonly trial?: Trial;
  readonly report?: ShardReport;
  readonly observer?: FakeObserver;
  /** Plays the measure phase. */
  readonly play?: (recorder: Recorder, clock: FakeClock) => void;
}

async function reduce({ trial, report, observer, play }: Reduced): Promise<readonly Measurement[]> {
  const observers = [observer ?? new FakeObserver()];
  const world: TrialWorld = await new FakeTestbed({ observers }).build();
  const clock = new FakeClock();
  using recording = new Recorder(world, clock);
  recording.markMeasure();
  recording.expectMeasure(clock.nowMs());
  play?.(recording, clock);
  recording.endMeasure();
  recording.finish();
  return reduceMeasurements({
    trial: trial ?? aTrial(),
    world,
    recording,
    report: report ?? reportOf("a", NO_LOAD),
    startedAtUnixMs: 0,
    losses: [],
    wentOn: false,
    aborted: false,
  });
}

function of(measurements: readonly Measurement[], name: string): number | undefined {
  return measurements.find(({ metric }) => metric === name)?.value;
}

describe("what a load is reduced to", () => {
  const failures = [
    { step: "connect", errno: "ECONNREFUSED", count: 10, firstMs: 1, lastMs: 2 },
  ] as const;
  const report: ShardReport = {
    ...reportOf("a", { ...NO_LOAD, attempted: 20, failures }),
    elapsedMs: 500,
    cpuUs: 2000,
  };

  it("is a rate of what succeeded over the time the load took, where that is less than the phase", async () => {
    expect(of(await reduce({ report }), "connections.rate")).toBe(20);
  });

  it("is a rate over the phase, where connections in flight outlived it", async () => {
    const longer = { ...report, elapsedMs: 3000 };
    expect(of(await reduce({ report: longer }), "connections.rate")).toBe(10);
  });

  it("is what a closed loop brought to an end in the phase, without what was then in flight", async () => {
    const { workload } = aTrial().spec;
    const arrival = { model: "closed", connections: 10, limit: null } as const;
    const trial = aTrial({ workload: { ...workload, arrival } });
    const throughput = { connectionsPerS: 8, requestsPerS: 9 };
    const looked = { ...report, elapsedMs: 1400, throughput };
    const closed = await reduce({ trial, report: looked });
    expect(of(closed, "connections.rate")).toBe(8);
    expect(of(closed, "requests.rate")).toBe(9);
    expect(of(await reduce({ report: looked }), "connections.rate")).toBe(10);
  });

  it("is CPU time per connection attempted, because those that fail cost too", async () => {
    expect(of(await reduce({ report }), "cpu.us_per_connection")).toBe(100);
  });

  it("is CPU time per request answered, so that failures make it dear and not cheap", async () => {
    const requests = {
      ...report.tally.requests,
      intended: 20,
      attempted: 20,
      succeeded: 5,
      failed: 15,
    };
    const some = { ...report, tally: { ...report.tally, requests } };
    expect(of(await reduce({ report: some }), "cpu.us_per_request")).toBe(400);
    const none = {
      ...some,
      tally: { ...some.tally, requests: { ...requests, succeeded: 0, failed: 20 } },
    };
    expect(of(await reduce({ report: none }), "cpu.us_per_request")).toBeUndefined();
  });

  it("has no CPU time where that could not be read", async () => {
    const unread = await reduce({ report: { ...report, cpuUs: null, cpuShareMax: null } });
    for (const metric of ["cpu.us_per_connection", "cpu.us_per_request", "cpu.share_max"]) {
      expect(of(unread, metric)).toBeUndefined();
    }
  });
});

describe("what the TIME_WAIT gauge is reduced to", () => {
  it("is the peak since the phase began, the median of its second half, and the last value", async () => {
    const measurements = await reduce({
      observer: new FakeObserver([{ gauges: {}, counters: {} }]),
      play(recorder, clock) {
        const add = (timeWait: number): void =>
          recorder.series.add("client", clock.nowMs(), { time_wait: timeWait });
        recorder.series.add("client", clock.nowMs() - 50, { time_wait: 99 });
        for (const timeWait of [1, 2, 9, 30, 31, 32, 8]) {
          clock.advance(100);
          add(timeWait);
        }
      },
    });
    expect(of(measurements, "time_wait.peak")).toBe(32);
    expect(of(measurements, "time_wait.plateau")).toBe(30.5);
    expect(of(measurements, "time_wait.end")).toBe(8);
  });

  it("has no plateau where nothing was read in that half", async () => {
    const measurements = await reduce({
      observer: new FakeObserver([{ gauges: {}, counters: {} }]),
      play(recorder, clock) {
        recorder.series.add("client", clock.nowMs() + 10, { time_wait: 40 });
        clock.advance(1000);
      },
    });
    expect(of(measurements, "time_wait.peak")).toBe(40);
    expect(of(measurements, "time_wait.plateau")).toBeUndefined();
  });

  it("is found among the samples of two days", async () => {
    const measurements = await reduce({
      observer: new FakeObserver([{ gauges: {}, counters: {} }]),
      play(recorder, clock) {
        for (let i = 0; i < 864_000; i++) {
          recorder.series.add("client", clock.nowMs() + i * 200, {
            time_wait: i % 5000,
            accept_queue: i % 7,
          });
        }
        clock.advance(864_000 * 200);
      },
    });
    expect(of(measurements, "time_wait.peak")).toBe(4999);
    expect(of(measurements, "accept_queue.peak")).toBe(6);
  });
});

describe("what counters are reduced to", () => {
  const counted = (counters: CounterReading["counters"]): CounterReading => ({
    gauges: {},
    counters,
  });

  it("is growth from zero for a reset's reason that was not seen before, and nothing for a counter that was not there", async () => {
    const before = counted({ "tcp.OutRsts": 1 });
    const after = counted({ "tcp.OutRsts": 4, "tcp.InErrs": 7, "rst.reason.TCP_STATE": 3 });
    const observer = new FakeObserver([before, before, after]);
    const measurements = await reduce({ observer });
    expect(of(measurements, "rst.reason.TCP_STATE")).toBe(3);
    expect(of(measurements, "rst.sent")).toBe(3);
    expect(of(measurements, "tcp.InErrs")).toBeUndefined();
  });
});

describe("what dumps of ports are reduced to", () => {
  it("is the most that any of them saw, that at the end of the load among them", async () => {
    const observer = new FakeObserver();
    observer.dumps = [0, 8, 2].map((used) => portsOf(used, 10));
    expect(of(await reduce({ observer }), "ports.used_peak")).toBe(8);
  });
});

describe("when ports ran out", () => {
  const failures = [
    { step: "connect", errno: "EADDRNOTAVAIL", count: 3, firstMs: 700, lastMs: 900 },
  ] as const;
  const report = reportOf("a", { ...NO_LOAD, attempted: 20, failures });
  const metric = "ports.first_exhausted_ms";

  const lookedAt = (role: Role, used: number): FakeObserver => {
    const observer = new FakeObserver([{ gauges: {}, counters: {} }], role);
    observer.dumps = [portsOf(0, 10), portsOf(used, 10)];
    return observer;
  };

  it("is the client's first errno for it, where its sockets bear that out or were not looked at", async () => {
    expect(of(await reduce({ report, observer: lookedAt("client", 9) }), metric)).toBe(700);
    expect(of(await reduce({ report }), metric)).toBe(700);
  });

  it("is not known where its sockets speak against it, and the failures are counted all the same", async () => {
    const denied = await reduce({ report, observer: lookedAt("client", 8) });
    expect(of(denied, metric)).toBeUndefined();
    expect(of(denied, "failures.EADDRNOTAVAIL")).toBe(3);
  });

  it.each([
    [9, 100],
    [8, undefined],
  ])("of a gateway with %i of 10 ports in use is %s", async (used, expected) => {
    const observer = lookedAt("target", used);
    const reduced = await reduce({
      observer,
      play(_, clock) {
        clock.advance(100);
        const atMs = clock.nowMs();
        observer.events.push({ role: "target", atMs, kind: "ports.exhausted", detail: {} });
      },
    });
    expect(of(reduced, metric)).toBe(expected);
  });
});
