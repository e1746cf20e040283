import { setTimeout as sleep } from "node:timers/promises";
import { runTrial } from "@churnlab/control";
import {
  parseScenario,
  planTrials,
  type Trial,
  type TrialOutcome,
  type TrialPhase,
} from "@churnlab/core";
import { DEAD_MAN_MS, type FleetTestbed } from "@churnlab/fleet";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { stateBesideLate } from "../machine-doubts.ts";
import { clock } from "../real-clock.ts";
import { afterMeasure, runOne } from "./run-one.ts";
import { agentsWithClocks, type RunningFleet, startFleet, until } from "./start-fleet.ts";

const SCENARIO = `
version: 1
name: fleet
fleet: { agents: 2, perAgent: { workers: 1 } }
workload: { kind: short-lived, arrival: { rate: 200/s } }
phases: { measure: 4s }
replicates: 1
`;
const TRIAL = planTrials(parseScenario(SCENARIO, "fleet.yaml")).trials[0] as Trial;

/** Runs the trial; `during` is called in the middle of its load. */
async function runWith(testbed: FleetTestbed, during: () => unknown): Promise<TrialOutcome> {
  const context = {
    testbed,
    clock,
    onPhase: (_trial: Trial, phase: TrialPhase) => {
      if (phase === "measure") setTimeout(during, 1500);
    },
    onSample: () => {},
  };
  return runTrial(TRIAL, context, new AbortController().signal);
}

let fleet: RunningFleet;

beforeEach(async () => {
  fleet = await startFleet(agentsWithClocks([0, -70_000]));
});
afterEach(() => fleet[Symbol.asyncDispose]());

const isGone = (): Promise<boolean> => until(() => fleet.countHosts() === 0, DEAD_MAN_MS + 15_000);

describe("an agent that is lost in the middle of its load", () => {
  it("makes the trial invalid, by its name", async () => {
    const testbed = await fleet.open("RUNLOST");
    const lost = fleet.agents.get("a2")?.child;
    const outcome = await runWith(testbed, () => lost?.kill("SIGKILL"));
    expect(outcome).toMatchObject({ state: "invalid", reason: expect.stringContaining("a2") });
    await testbed.close();
    expect(await isGone()).toBe(true);
  });
});

describe("an agent that is frozen in the middle of its load, for longer than its dead-man's time", () => {
  it("begins nothing when it wakes in the middle of the next attempt, though heartbeats of its controller wait in its socket: that counts its own connections alone", async () => {
    await fleet.startAgent({ name: "a3", role: "load", addresses: ["198.18.2.3"] });
    const testbed = await fleet.open("RUNFROZEN");
    const frozen = fleet.agents.get("a2");
    const lost = await runOne(SCENARIO.replace("4s", "60s"), testbed, {
      ...afterMeasure(300, () => frozen?.child.kill("SIGSTOP")),
    });
    expect(lost).toMatchObject({ state: "invalid", reason: expect.stringContaining("a2") });
    const next = await runOne(SCENARIO, testbed, {
      ...afterMeasure(700, () => frozen?.child.kill("SIGCONT")),
    });
    expect(stateBesideLate(next)).toBe("completed");
    const { tally, measurements } = next.record;
    expect(tally.connections).toMatchObject({ intended: 800, succeeded: 800 });
    const opens = ["tcp.ActiveOpens", "tcp.PassiveOpens"].flatMap((metric) =>
      measurements.filter((each) => each.metric === metric).map(({ value }) => value),
    );
    expect(opens.filter((count) => count > 0)).toEqual([800, 800]);
    expect(frozen?.log()).toContain("stopping the load and restoring");
    expect(await isGone()).toBe(true);
    await testbed.close();
  });
});

describe("the target's agent that is lost in the middle of the load", () => {
  it("ends the load at once, and has the trial repeated: the attempt is invalid by its name", async () => {
    const testbed = await fleet.open("RUNTARGET");
    const lost = fleet.agents.get("target")?.child;
    const outcome = await runWith(testbed, () => lost?.kill("SIGKILL"));
    await testbed.close();
    expect(outcome).toMatchObject({ state: "invalid", reason: expect.stringContaining("target") });
    const codes = outcome.record.warnings.map(({ code }) => code);
    expect(codes.filter((code) => code === "W_AGENT_LOST")).toHaveLength(1);
  });
});

describe("a soak that loses an agent in the middle of its load", () => {
  it("goes on with the share of the other alone, is sampled to its end, and is degraded by its name", async () => {
    const testbed = await fleet.open("RUNSOAK");
    const lost = fleet.agents.get("a2")?.child;
    const outcome = await runOne(SCENARIO.replace("4s", "8s"), testbed, {
      soak: true,
      ...afterMeasure(800, () => lost?.kill("SIGKILL")),
    });
    await testbed.close();
    expect(outcome).toMatchObject({ state: "degraded", reason: expect.stringContaining("a2") });
    const { tally, samples, measurements, events } = outcome.record;
    expect(tally.connections).toMatchObject({ intended: 800, attempted: 800, succeeded: 800 });
    for (const role of ["client", "target"]) {
      // By then it is known to be lost, if only by its silence. Of fifteen lines of the grid, some: a busy machine is late.
      const late = samples.filter((each) => each.role === role && each.metric === "time_wait");
      expect(late.filter(({ tMs }) => tMs > 5000 && tMs < 8000).length).toBeGreaterThanOrEqual(3);
    }
    const of = (role: string, metric: string): number =>
      measurements.find((each) => each.role === role && each.metric === metric)?.value ??
      Number.NaN;
    // What the lost one had counted stays, as far as it was told.
    expect(of("client", "tcp.ActiveOpens")).toBeGreaterThan(800);
    expect(of("target", "tcp.PassiveOpens")).toBeGreaterThanOrEqual(
      of("client", "tcp.ActiveOpens"),
    );
    // Of forty lines on each side.
    expect(of("client", "fleet.live_missed")).toBeLessThan(60);
    expect(events.filter(({ kind }) => kind === "sampler.hole").length).toBeLessThanOrEqual(10);
  });
});

describe("an agent that is lost when it has brought its results, while the trial drains", () => {
  it("makes the trial invalid, by its name, with all its results", async () => {
    const testbed = await fleet.open("RUNDRAIN");
    const outcome = await runOne(SCENARIO.replace("4s", "500ms, drain: 1s"), testbed, {
      onPhase: (phase) => {
        if (phase === "drain") fleet.agents.get("a2")?.child.kill("SIGKILL");
      },
    });
    await testbed.close();
    expect(outcome).toMatchObject({ state: "invalid", reason: expect.stringContaining("a2") });
    expect(outcome.record.tally.connections).toMatchObject({ intended: 100, succeeded: 100 });
  });
});

describe("a controller that is killed in the middle of its load", () => {
  it("leaves no load after the dead-man's time, and its locks to the next", async () => {
    const { writeFile } = await import("node:fs/promises");
    await writeFile(`${fleet.folder}/s.yaml`, SCENARIO.replace("4s", "60s"));
    const controller = fleet.start(["run", "s.yaml", ...fleet.reach, "--db", "x.db"]);
    await expect.poll(() => fleet.countHosts()).toBe(3);
    await sleep(2000);
    controller.child.kill("SIGKILL");
    expect(await isGone()).toBe(true);
    await fleet.agents.get("a1")?.shows("restored");
    const next = await fleet.open("RUNNEXT");
    const outcome = await runWith(next, () => {});
    await next.close();
    expect(stateBesideLate(outcome)).toBe("completed");
  });
});

describe("a server that is killed and started again in the middle of the load", () => {
  it("costs no result: the trial completes with every connection counted", async () => {
    const testbed = await fleet.open("RUNSERVER");
    const outcome = await runWith(testbed, async () => {
      await fleet.killServer();
      await fleet.startServer();
    });
    await testbed.close();
    expect(stateBesideLate(outcome)).toBe("completed");
    expect(outcome.record.tally.connections.succeeded).toBe(800);
  });
});

describe("a server that is away for longer than the dead-man's time", () => {
  it("makes the trial invalid as soon as it is back, by who let go of its side: no report of the load is waited for", async () => {
    const testbed = await fleet.open("RUNAWAY");
    const away = Promise.withResolvers<number>();
    const outcome = await runOne(SCENARIO.replace("4s", "60s"), testbed, {
      ...afterMeasure(500, async () => {
        await fleet.killServer();
        await sleep(12_000);
        await fleet.startServer();
        away.resolve(performance.now());
      }),
    });
    const tookMs = performance.now() - (await away.promise);
    await testbed.close();
    expect(outcome).toMatchObject({
      state: "invalid",
      reason: expect.stringMatching(/The agent (?:a1|a2|target) let go of its side of the trial/),
    });
    expect(tookMs).toBeLessThan(20_000); // of the 47 s that its load had left
    expect(await isGone()).toBe(true);
  });
});
