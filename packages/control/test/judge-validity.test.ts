import { setTimeout as sleep } from "node:timers/promises";
import {
  type CounterReading,
  SAMPLE_INTERVAL_MS,
  type Tally,
  type TrialWorld,
} from "@churnlab/core";
import { describe, expect, it } from "vitest";
import { judgeValidity } from "../src/judge-validity.ts";
import { Recorder } from "../src/recorder.ts";
import type { TrialEvidence } from "../src/trial-evidence.ts";
import { aTrial } from "./fakes/a-trial.ts";
import { FakeClock } from "./fakes/fake-clock.ts";
import { FakeObserver, FakeTestbed, NO_LOAD, reportOf } from "./fakes/fake-world.ts";

async function judge(
  changes: Partial<TrialEvidence> & { readonly missed?: number },
  observers = [new FakeObserver()],
): Promise<readonly string[]> {
  const { missed, ...evidence } = changes;
  const world: TrialWorld = await new FakeTestbed({ observers }).build();
  const clock = new FakeClock();
  using recorder = new Recorder(world, clock);
  if (missed !== undefined) {
    clock.advance(SAMPLE_INTERVAL_MS * (missed + 1.5));
    await sleep(SAMPLE_INTERVAL_MS + 100);
  }
  recorder.markMeasure();
  recorder.expectMeasure(2000);
  recorder.endMeasure();
  const warnings = judgeValidity({
    trial: aTrial(),
    world,
    recording: recorder,
    report: reportOf("a", NO_LOAD),
    startedAtUnixMs: 0,
    losses: [],
    wentOn: false,
    aborted: false,
    ...evidence,
  });
  return warnings.map(({ code }) => code);
}

/** A report in which this many of 1000 arrivals were begun. */
function offered(ledger: keyof Tally, attempted: number): TrialEvidence["report"] {
  const report = reportOf("a", NO_LOAD);
  const counts = {
    intended: 1000,
    attempted,
    succeeded: attempted,
    failed: 0,
    dropped: 1000 - attempted,
  };
  const tally = { ...report.tally, [ledger]: { ...report.tally[ledger], ...counts } };
  return { ...report, tally };
}

describe("a load that was not offered", () => {
  it.each([
    [995, []],
    [994, ["W_OFFERED_SHORT"]],
  ])("is seen when %i of 1000 connections were attempted: %j", async (attempted, codes) => {
    expect(await judge({ report: offered("connections", attempted) })).toEqual(codes);
  });

  it("is counted in requests where these arrive", async () => {
    const { workload } = aTrial().spec;
    const trial = aTrial({ workload: { ...workload, kind: "keep-alive" } });
    expect(await judge({ trial, report: offered("requests", 994) })).toEqual(["W_OFFERED_SHORT"]);
  });

  it("is none when the run was interrupted", async () => {
    expect(await judge({ report: offered("connections", 10), aborted: true })).toEqual([]);
  });
});

describe("holes", () => {
  it.each([
    [2, []],
    [3, ["W_SAMPLES_MISSED"]],
  ])("of %i samples are told: %j", async (missed, codes) => {
    expect(await judge({ missed })).toEqual(codes);
  });

  it.each([
    // As long a hole leaves most of a longer phase seen.
    [10, 5000, ["W_SAMPLES_MISSED"]],
    [10, 3000, ["W_SAMPLES_LOST"]],
    // Of a phase as short as this little can be missed.
    [9, 1000, ["W_SAMPLES_MISSED"]],
  ])("of %i samples in a phase of %i ms: %j", async (missed, measureMs, codes) => {
    const { phases } = aTrial().spec;
    const trial = aTrial({ phases: { ...phases, measureMs } });
    const observers = [new FakeObserver()];
    const world: TrialWorld = await new FakeTestbed({ observers }).build();
    const clock = new FakeClock();
    using recorder = new Recorder(world, clock);
    recorder.markMeasure();
    recorder.expectMeasure(clock.nowMs());
    clock.advance(SAMPLE_INTERVAL_MS * (missed + 1.5));
    await sleep(SAMPLE_INTERVAL_MS + 100);
    recorder.endMeasure();
    const report = reportOf("a", NO_LOAD);
    const rest = { startedAtUnixMs: 0, losses: [], wentOn: false, aborted: false };
    const warnings = judgeValidity({ trial, world, recording: recorder, report, ...rest });
    expect(warnings.map(({ code }) => code)).toEqual(codes);
  });
});

describe("what the kernels counted", () => {
  const counted = (counters: CounterReading["counters"]): CounterReading => ({
    gauges: { time_wait: 0 },
    counters,
  });
  const over = (counters: CounterReading["counters"]): CounterReading[] => {
    const before = counted({ "tcpext.TW": 0 });
    return [before, before, counted(counters)];
  };

  it.each(["client", "target"] as const)(
    "of a %s with TIME_WAIT sockets before the load is of no clean kernel",
    async (role) => {
      const used = { gauges: { time_wait: 3 }, counters: {} };
      const clean = { gauges: { time_wait: 0 }, counters: {} };
      const other = role === "client" ? "target" : "client";
      const observers = [new FakeObserver([clean], other), new FakeObserver([used, clean], role)];
      expect(await judge({}, observers)).toEqual(["W_NOT_CLEAN"]);
    },
  );

  it.each(["client", "target"] as const)(
    "of a %s whose TIME_WAIT could not be counted is not called clean",
    async (role) => {
      const clean = { gauges: { time_wait: 0 }, counters: {} };
      const other = role === "client" ? "target" : "client";
      const silent = new FakeObserver([{ gauges: {}, counters: {} }], role);
      const warnings = await judge({}, [new FakeObserver([clean], other), silent]);
      expect(warnings).toEqual(["W_CLEAN_UNKNOWN"]);
    },
  );

  it("is doubted when a counter is gone", async () => {
    expect(await judge({}, [new FakeObserver(over({}))])).toEqual(["W_COUNTER_ABSENT"]);
  });

  it("is doubted when a counter is there after the measure phase only, but for the reasons of resets", async () => {
    const seen = (counters: Record<string, number>) => ({ gauges: { time_wait: 0 }, counters });
    const appearing = (name: string): FakeObserver =>
      new FakeObserver([seen({}), seen({}), seen({ [name]: 5 })]);
    expect(await judge({}, [appearing("conntrack.drop")])).toEqual(["W_COUNTER_APPEARED"]);
    expect(await judge({}, [appearing("rst.reason.NO_SOCKET")])).toEqual([]);
  });

  it("is held against who should have closed first", async () => {
    const none = { "tcpext.TW": 0, "tcpext.TWKilled": 0, "tcpext.TCPTimeWaitOverflow": 0 };
    const entered = (count: number): CounterReading[] =>
      [none, none, { ...none, "tcpext.TW": count }].map(counted);
    const observers = [
      new FakeObserver(entered(2), "client"),
      new FakeObserver(entered(5), "target"),
    ];
    expect(await judge({}, observers)).toEqual(["W_CLOSER_DIFFERS"]);
  });
});
