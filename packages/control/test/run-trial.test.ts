import { setImmediate as immediately } from "node:timers/promises";
import {
  ChurnError,
  type Trial,
  type TrialOutcome,
  type TrialPhase,
  type Warning,
} from "@churnlab/core";
import { describe, expect, it } from "vitest";
import { runTrial } from "../src/run-trial.ts";
import { aTrial } from "./fakes/a-trial.ts";
import { FakeClock } from "./fakes/fake-clock.ts";
import {
  FakeAgent,
  FakeObserver,
  FakeTarget,
  FakeTestbed,
  type FakeWorldOptions,
  NO_LOAD,
  portsOf,
  reportOf,
} from "./fakes/fake-world.ts";

interface Ran {
  readonly outcome: TrialOutcome;
  readonly phases: readonly TrialPhase[];
  readonly testbed: FakeTestbed;
}

async function run(
  options: FakeWorldOptions = {},
  signal: AbortSignal = new AbortController().signal,
  trial: Trial = aTrial(),
): Promise<Ran> {
  const testbed = new FakeTestbed(options);
  const phases: TrialPhase[] = [];
  const outcome = await runTrial(
    trial,
    {
      testbed,
      clock: new FakeClock(),
      onPhase: (_, phase) => phases.push(phase),
      onSample: () => {},
    },
    signal,
  );
  return { outcome, phases, testbed };
}

function valueOf(outcome: TrialOutcome, metric: string): number | undefined {
  return outcome.record.measurements.find((m) => m.metric === metric)?.value;
}

const failure = (count: number) =>
  ({ step: "connect", errno: "EADDRNOTAVAIL", count, firstMs: 250, lastMs: 900 }) as const;

describe("runTrial", () => {
  it("goes through the five phases in order and leaves no world standing", async () => {
    const { outcome, phases, testbed } = await run();
    expect(outcome.state).toBe("completed");
    expect(phases).toEqual(["prepare", "warm-up", "measure", "drain", "restore"]);
    expect(testbed.standing).toBe(0);
  });

  it("numbers the workers of all agents through", async () => {
    const agents = [new FakeAgent("a", { workers: 2 }), new FakeAgent("b", { workers: 3 })];
    await run({ agents });
    expect(agents.map(({ shards }) => shards[0]?.share)).toEqual([
      { first: 0, count: 2, of: 5 },
      { first: 2, count: 3, of: 5 },
    ]);
  });

  it("adds up what the agents counted and names when ports ran out", async () => {
    const load = (attempted: number, failed: number) => async () =>
      reportOf("x", { ...NO_LOAD, attempted, failures: [failure(failed)] });
    const agents = [
      new FakeAgent("a", { run: load(10, 3) }),
      new FakeAgent("b", { run: load(7, 2) }),
    ];
    const { outcome } = await run({ agents });
    expect(outcome.state).toBe("completed");
    expect(valueOf(outcome, "connections.succeeded")).toBe(12);
    expect(valueOf(outcome, "failures.EADDRNOTAVAIL")).toBe(5);
    expect(valueOf(outcome, "ports.first_exhausted_ms")).toBe(250);
    expect(outcome.record.events).toContainEqual({
      role: "client",
      tMs: 250,
      kind: "ports.exhausted",
      detail: { errno: "EADDRNOTAVAIL", step: "connect", count: 5 },
    });
  });

  it("calls a trial invalid whose counts do not add up", async () => {
    const report = reportOf("a", { ...NO_LOAD, attempted: 10 });
    const broken = {
      ...report,
      tally: { ...report.tally, connections: { ...report.tally.connections, succeeded: 9 } },
    };
    const { outcome } = await run({ agents: [new FakeAgent("a", { run: async () => broken })] });
    expect(outcome).toMatchObject({ state: "invalid" });
    expect(outcome.record.warnings.map(({ code }) => code)).toContain("W_IDENTITY");
  });

  it("calls a trial invalid that did not start from a clean kernel", async () => {
    const dirty = { gauges: { time_wait: 3 }, counters: {} };
    const { outcome } = await run({ observers: [new FakeObserver([dirty])] });
    expect(outcome).toMatchObject({ state: "invalid" });
    expect(outcome.record.warnings.map(({ code }) => code)).toEqual(["W_NOT_CLEAN"]);
  });

  it("calls a trial invalid whose target ended", async () => {
    const { outcome } = await run({ target: new FakeTarget("exit code 1") });
    expect(outcome).toMatchObject({ state: "invalid", reason: "the target ended: exit code 1" });
  });

  it("calls a trial invalid whose sysctl reads back other than asked for", async () => {
    const sysctl = {
      role: "client",
      name: "net.ipv4.tcp_fin_timeout",
      was: "60",
      requested: "5",
      effective: "60",
    } as const;
    const { outcome } = await run({ sysctls: [sysctl] });
    expect(outcome.state).toBe("invalid");
    expect(outcome.record.sysctls).toEqual([sysctl]);
  });

  it("calls a trial invalid that lost an agent, and keeps what was recorded", async () => {
    const lost = async (): Promise<never> => {
      throw new ChurnError("E_AGENT", "worker 2 crashed");
    };
    const { outcome, testbed } = await run({ agents: [new FakeAgent("a", { run: lost })] });
    expect(outcome).toMatchObject({ state: "invalid", reason: "worker 2 crashed" });
    expect(testbed.standing).toBe(0);
  });

  const loseAgent = async (): Promise<never> => {
    throw new ChurnError("E_AGENT", "agent b was lost");
  };

  it("stops the other agents when one is lost, and keeps all that they and the kernels counted", async () => {
    const failures = [failure(2)];
    const reports = async () => reportOf("a", { attempted: 9, failures, schedulesUs: [3] });
    const agents = [
      new FakeAgent("a", { run: reports }),
      new FakeAgent("b", { run: loseAgent }),
    ] as const;
    const sysctl = {
      role: "client",
      name: "net.ipv4.tcp_tw_reuse",
      was: "2",
      requested: "0",
      effective: "0",
    } as const;
    const counted = (opens: number) => ({
      gauges: { time_wait: 0 },
      counters: { "tcp.ActiveOpens": opens },
    });
    const observers = [new FakeObserver([counted(0), counted(0), counted(9)])];
    const { outcome } = await run({ agents, observers, sysctls: [sysctl] });
    expect(outcome).toMatchObject({ state: "invalid", reason: "agent b was lost" });
    expect(agents[0].stopped).toBe(true);
    const { record } = outcome;
    expect(record.warnings.map(({ code }) => code)).toEqual(["W_AGENT_LOST"]);
    expect(record.tally.connections).toMatchObject({ attempted: 9, succeeded: 7, failed: 2 });
    expect(record).toMatchObject({ failures, sysctls: [sysctl], engine: "fake" });
    expect(record.environment).not.toBeNull();
    expect(record.histograms).toHaveLength(1);
    expect(valueOf(outcome, "tcp.ActiveOpens")).toBe(9);
  });

  it("says first who was lost, when another host cannot be looked at after that", async () => {
    let looks = 0;
    const elsewhere = Object.assign(new FakeObserver(), {
      lookAt: async () => {
        if (looks++ > 0) throw new ChurnError("E_AGENT", "a has prepared no trial 1");
        return { gauges: {}, counters: {}, atMs: 0 };
      },
    });
    const agents = [new FakeAgent("b", { run: loseAgent })];
    const { outcome } = await run({ agents, observers: [elsewhere] });
    expect(outcome).toMatchObject({
      state: "invalid",
      reason: "agent b was lost; a has prepared no trial 1",
    });
    expect(outcome.record.warnings.map(({ code }) => code)).toEqual([
      "W_AGENT_LOST",
      "W_AGENT_LOST",
    ]);
  });

  it("keeps what an agent had counted that lost a worker, and stops the others", async () => {
    const failures = [failure(2)];
    const loses = async () => ({
      ...reportOf("b", { attempted: 9, failures, schedulesUs: [3] }),
      lost: "a worker thread was lost",
    });
    const other = new FakeAgent("a", {
      run: async () => reportOf("a", { ...NO_LOAD, attempted: 4 }),
    });
    const { outcome } = await run({ agents: [other, new FakeAgent("b", { run: loses })] });
    expect(outcome).toMatchObject({ state: "invalid", reason: "a worker thread was lost" });
    expect(other.stopped).toBe(true);
    const { record } = outcome;
    expect(record.warnings.map(({ code }) => code)).toEqual(["W_AGENT_LOST"]);
    expect(record.tally.connections).toMatchObject({ attempted: 13, succeeded: 11, failed: 2 });
    expect(record.failures).toEqual(failures);
    expect(valueOf(outcome, "connections.attempted")).toBe(13);
  });

  it("labels every trial with who closed first", async () => {
    const none = { "tcpext.TWKilled": 0, "tcpext.TCPTimeWaitOverflow": 0 };
    const seen = (entered: number) => ({ gauges: {}, counters: { ...none, "tcpext.TW": entered } });
    const client = new FakeObserver([seen(0), seen(0), seen(9)]);
    const target = new FakeObserver([seen(0)], "target");
    const { outcome } = await run({ observers: [client, target] });
    expect(outcome.record.closer).toBe("client");
    expect((await run()).outcome.record.closer).toBeNull();
  });

  it("keeps sysctls, environment and counters when the only agent is lost", async () => {
    const { outcome } = await run({ agents: [new FakeAgent("a", { run: loseAgent })] });
    expect(outcome.record.environment).toEqual({ facts: {} });
    expect(outcome.record.engine).toBeNull();
    expect(valueOf(outcome, "sampler.missed")).toBe(0);
  });

  it("keeps what was reported and read back when something else fails under load", async () => {
    const fails = async (): Promise<never> => {
      throw new ChurnError("E_TARGET", "the target is not there");
    };
    const counts = async () => reportOf("a", { ...NO_LOAD, attempted: 4 });
    const agents = [new FakeAgent("a", { run: counts }), new FakeAgent("b", { run: fails })];
    const { outcome } = await run({ agents });
    expect(outcome).toMatchObject({ state: "failed", phase: "measure", code: "E_TARGET" });
    expect(outcome.record.tally.connections.succeeded).toBe(4);
    expect(outcome.record.environment).toEqual({ facts: {} });
  });

  async function soak(agents: readonly FakeAgent[], warnings: readonly Warning[] = []) {
    const context = {
      testbed: new FakeTestbed({ agents, warnings }),
      clock: new FakeClock(),
      onPhase() {},
      onSample() {},
      soak: true,
    };
    return runTrial(aTrial(), context, new AbortController().signal);
  }

  it("goes on with the agents left in a soak, and is degraded", async () => {
    const counts = async () => reportOf("a", { ...NO_LOAD, attempted: 4 });
    const left = new FakeAgent("a", { run: counts });
    const outcome = await soak([left, new FakeAgent("b", { run: loseAgent })]);
    expect(outcome).toMatchObject({ state: "degraded", reason: "agent b was lost" });
    expect(left.stopped).toBe(false);
    expect(outcome.record.tally.connections.succeeded).toBe(4);
  });

  it("is invalid also as a soak when no agent is left, or for another reason too", async () => {
    const alone = await soak([new FakeAgent("b", { run: loseAgent })]);
    expect(alone.state).toBe("invalid");
    const half = async () => ({ ...reportOf("b", { ...NO_LOAD, attempted: 4 }), lost: "a worker" });
    expect((await soak([new FakeAgent("b", { run: half })])).state).toBe("invalid");
    expect((await soak([new FakeAgent("a"), new FakeAgent("b", { run: half })])).state).toBe(
      "degraded",
    );
    const doubt = { code: "W_SYSCTL_DIFFERS", message: "it reads back as 60" } as const;
    const both = await soak([new FakeAgent("a"), new FakeAgent("b", { run: loseAgent })], [doubt]);
    expect(both).toMatchObject({
      state: "invalid",
      reason: "it reads back as 60; agent b was lost",
    });
  });

  it("begins no load when an agent cannot be armed, and stops those that were", async () => {
    const armed = new FakeAgent("a");
    const broken = new FakeAgent("b");
    broken.arm = loseAgent;
    const { outcome } = await run({ agents: [armed, broken] });
    expect(outcome).toMatchObject({ state: "invalid", reason: "agent b was lost" });
    expect(armed.stopped).toBe(true);
  });

  it("names the phase in which a trial failed", async () => {
    const build = (): never => {
      throw new ChurnError("E_TESTBED", "no veth");
    };
    const { outcome, phases } = await run({ build });
    expect(outcome).toMatchObject({ state: "failed", phase: "prepare", code: "E_TESTBED" });
    expect(phases).toEqual(["prepare"]);
  });

  it("keeps the outcome when restoring fails, and says what to do", async () => {
    const dispose = (): never => {
      throw new ChurnError("E_TESTBED", "it stays", { hint: "Remove it." });
    };
    const { outcome } = await run({ dispose });
    expect(outcome.state).toBe("completed");
    expect(outcome.record.warnings).toEqual([
      { code: "W_NOT_RESTORED", message: "restore: it stays. Remove it." },
    ]);
  });

  it("stops the load when aborted and keeps what was counted", async () => {
    const controller = new AbortController();
    const agent = new FakeAgent("a", {
      run: async () => {
        controller.abort();
        return reportOf("a", { ...NO_LOAD, attempted: 4 });
      },
    });
    const { outcome, testbed } = await run({ agents: [agent] }, controller.signal);
    expect(outcome.state).toBe("aborted");
    expect(agent.stopped).toBe(true);
    expect(valueOf(outcome, "connections.succeeded")).toBe(4);
    expect(testbed.standing).toBe(0);
  });

  async function runLate(lateUs: number, cpuShareMax: number): Promise<TrialOutcome> {
    const report = reportOf("a", { attempted: 1, failures: [], schedulesUs: [lateUs] });
    const agent = new FakeAgent("a", { run: async () => ({ ...report, cpuShareMax }) });
    return (await run({ agents: [agent] })).outcome;
  }

  it.each([
    [1_000, 0.5, "completed", []],
    [20_000, 0.5, "completed", ["W_GENERATOR_LATE"]],
    [1_000, 0.9, "completed", ["W_GENERATOR_CPU"]],
    [20_000, 0.9, "invalid", ["W_GENERATOR_CPU", "W_GENERATOR_LIMITED"]],
    [110_000, 0.5, "invalid", ["W_GENERATOR_LIMITED"]],
  ])("judges a start %i µs late with %d of a processor used: %s %j", async (...row) => {
    const [lateUs, cpuShareMax, state, codes] = row;
    const outcome = await runLate(lateUs, cpuShareMax);
    expect(outcome.state).toBe(state);
    expect(outcome.record.warnings.map(({ code }) => code)).toEqual(codes);
  });

  it("calls a trial failed when the machine refuses a system call, and names the fix", async () => {
    const build = (): never => {
      const error = new Error("open (/proc/thread-self/ns/net): EMFILE, too many open files");
      throw Object.assign(error, { code: "EMFILE", syscall: "open" });
    };
    const { outcome } = await run({ build });
    expect(outcome).toMatchObject({ state: "failed", phase: "prepare", code: "E_SYSTEM_CALL" });
    expect(outcome).toMatchObject({
      message: expect.stringMatching(/too many open files\. Raise .*ulimit -n\.$/),
    });
  });

  it("calls a trial invalid in which the generator had no descriptor left", async () => {
    const failures = [
      { step: "connect", errno: "EMFILE", count: 3, firstMs: 1, lastMs: 2 },
    ] as const;
    const agent = new FakeAgent("a", {
      run: async () => reportOf("a", { ...NO_LOAD, attempted: 10, failures }),
    });
    const { outcome } = await run({ agents: [agent] });
    expect(outcome.state).toBe("invalid");
    expect(outcome.record.warnings.map(({ code }) => code)).toEqual(["W_NO_DESCRIPTORS"]);
  });

  it.each([
    [5, []],
    [15, ["W_BOUNDARY_LATE"]],
  ])(
    "says when the counters were read %i ms into a measure phase of 1 s: %j",
    async (lateMs, codes) => {
      const clock = new FakeClock();
      clock.lateMs = lateMs;
      const trial = aTrial({ phases: { warmUpMs: 100, measureMs: 1000, drainMs: 0 } });
      const context = { testbed: new FakeTestbed(), clock, onPhase() {}, onSample() {} };
      const { record } = await runTrial(trial, context, new AbortController().signal);
      expect(record.warnings.map(({ code }) => code)).toEqual(codes);
    },
  );

  it("reads the counters of the end only when the last FIN is counted", async () => {
    const reading = (inUse: number, timeWaits: number) => {
      return { gauges: { "tcp.inuse": inUse }, counters: { "tcpext.TW": timeWaits } };
    };
    const closing = Array.from({ length: 4 }, () => reading(2, 3));
    const observer = new FakeObserver([reading(0, 0), reading(0, 0), ...closing, reading(0, 5)]);
    const { outcome } = await run({ observers: [observer] });
    expect(valueOf(outcome, "tcpext.TW")).toBe(5);
  });

  it("does not wait for connections that a gateway keeps on purpose", async () => {
    const target = new FakeTarget();
    target.kept = 2;
    const idle = { gauges: { time_wait: 0, "tcp.inuse": 1 }, counters: {} };
    const keeping = { gauges: { time_wait: 0, "tcp.inuse": 3 }, counters: {} };
    const observers = [new FakeObserver([idle, keeping], "upstream")];
    const { outcome } = await run({ observers, target });
    expect(outcome.record.warnings).toEqual([]);
  });

  it("looks until the end of the drain", async () => {
    const trial = aTrial({ phases: { warmUpMs: 0, measureMs: 1000, drainMs: 700 } });
    const observers = [new FakeObserver([{ gauges: { time_wait: 0 }, counters: {} }])];
    const { outcome } = await run({ observers }, undefined, trial);
    expect(Math.max(...outcome.record.samples.map(({ tMs }) => tMs))).toBeGreaterThanOrEqual(700);
  });

  it.each([0, 100])(
    "tells the target once that the measure phase begins, after a warm-up of %i ms",
    async (warmUpMs) => {
      const target = new FakeTarget();
      await run(
        { target },
        undefined,
        aTrial({ phases: { warmUpMs, measureMs: 1000, drainMs: 0 } }),
      );
      expect(target.marks).toBe(1);
    },
  );

  it("begins the load only when a target that is asked for its counts has told them, without a warm-up", async () => {
    const order: string[] = [];
    const target = Object.assign(new FakeTarget(), {
      markMeasure: async () => {
        await immediately();
        order.push("told");
      },
    });
    const agent = new FakeAgent("a", {
      run: async () => {
        order.push("load");
        return reportOf("a", NO_LOAD);
      },
    });
    const trial = aTrial({ phases: { warmUpMs: 0, measureMs: 1000, drainMs: 0 } });
    await run({ agents: [agent], target }, undefined, trial);
    expect(order).toEqual(["told", "load"]);
  });

  it("carries the doubts of the world, of its target, of every observer and of every agent", async () => {
    const doubt = (message: string): Warning => ({ code: "W_OBSERVER_DEGRADED", message });
    const observer = new FakeObserver();
    observer.doubts = [doubt("observer")];
    const agent = new FakeAgent("a", {
      run: async () => ({ ...reportOf("a", NO_LOAD), warnings: [doubt("agent")] }),
    });
    const { outcome } = await run({
      agents: [agent],
      observers: [observer],
      target: Object.assign(new FakeTarget(), { conclude: () => [doubt("target")] }),
      warnings: [doubt("world")],
    });
    const messages = outcome.record.warnings.map(({ message }) => message);
    expect(messages.toSorted()).toEqual(["agent", "observer", "target", "world"]);
  });

  it("names what ran out, with its evidence", async () => {
    const agent = new FakeAgent("a", {
      run: async () => reportOf("a", { ...NO_LOAD, attempted: 10, failures: [failure(4)] }),
    });
    const { outcome } = await run({ agents: [agent] });
    expect(outcome.record.events).toContainEqual(
      expect.objectContaining({
        role: "client",
        kind: "limit.ports",
        detail: expect.objectContaining({ "connect.EADDRNOTAVAIL": 4 }),
      }),
    );
  });

  it("lets a bug through: only what a person can fix is an outcome", async () => {
    const build = (): never => {
      throw new TypeError("undefined is not a function");
    };
    await expect(run({ build })).rejects.toThrow(TypeError);
  });

  it("gives no number for a counter that went backwards, and warns of it", async () => {
    const readings = [
      { gauges: { time_wait: 0 }, counters: { "tcp.InErrs": 9 } },
      { gauges: { time_wait: 0 }, counters: { "tcp.InErrs": 9 } },
      { gauges: { time_wait: 0 }, counters: { "tcp.InErrs": 2 } },
    ];
    const { outcome } = await run({ observers: [new FakeObserver(readings)] });
    expect(valueOf(outcome, "tcp.InErrs")).toBeUndefined();
    expect(outcome.record.warnings).toMatchObject([{ code: "W_COUNTER_WRAPPED" }]);
  });

  it("counts from before the first packet when there is no warm-up", async () => {
    const counters = { "tcp.ActiveOpens": 0 };
    const agent = new FakeAgent("a", {
      run: async () => {
        counters["tcp.ActiveOpens"] = 1;
        return reportOf("a", { ...NO_LOAD, attempted: 1 });
      },
    });
    const observer = new FakeObserver();
    observer.readCounters = () => ({ gauges: { time_wait: 0 }, counters: { ...counters } });
    const { outcome } = await run({ agents: [agent], observers: [observer] });
    expect(valueOf(outcome, "tcp.ActiveOpens")).toBe(1);
  });

  it("reports growth of counters over the measure phase and the peak of gauges", async () => {
    const readings = [
      { gauges: { time_wait: 0 }, counters: { "tcp.OutRsts": 5 } },
      { gauges: { time_wait: 0 }, counters: { "tcp.OutRsts": 6 } },
      { gauges: { time_wait: 8 }, counters: { "tcp.OutRsts": 9 } },
    ];
    const observer = new FakeObserver(readings);
    observer.dumps = [portsOf(8, 10)];
    const { outcome } = await run({ observers: [observer] });
    expect(valueOf(outcome, "rst.sent")).toBe(3);
    expect(valueOf(outcome, "time_wait.peak")).toBe(8);
    expect(valueOf(outcome, "ports.utilisation_peak")).toBe(0.8);
    expect(outcome.record.events.map(({ kind }) => kind)).toEqual(["ports.half"]);
  });
});
