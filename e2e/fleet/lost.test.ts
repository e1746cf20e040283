import { setTimeout as sleep } from "node:timers/promises";
import { runTrial } from "@churnlab/control";
import {
  parseScenario,
  planTrials,
  type Trial,
  type TrialOutcome,
  type TrialPhase,
} from "@churnlab/core";
import type { FleetTestbed } from "@churnlab/fleet";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { clock } from "../real-clock.ts";
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
}, 60_000);
afterEach(() => fleet[Symbol.asyncDispose]());

const isGone = (): Promise<boolean> => until(() => fleet.countHosts() === 0, 15_000);

describe("an agent that is lost in the middle of its load", () => {
  it.each(["SIGKILL", "SIGSTOP"] as const)(
    "by %s makes the trial invalid, by its name",
    async (signal) => {
      const testbed = await fleet.open("RUNLOST");
      const lost = fleet.agents.get("a2")?.child;
      const outcome = await runWith(testbed, () => lost?.kill(signal));
      expect(outcome).toMatchObject({ state: "invalid", reason: expect.stringContaining("a2") });
      lost?.kill("SIGCONT");
      // One that was frozen wakes, hears that it was long ago, and takes its side down by itself.
      await testbed.close();
      expect(await isGone()).toBe(true);
    },
  );
});

describe("a controller that is killed in the middle of its load", () => {
  it("leaves no load after the dead-man's time, and its locks to the next", async () => {
    const { writeFile } = await import("node:fs/promises");
    await writeFile(`${fleet.folder}/s.yaml`, SCENARIO.replace("4s", "60s"));
    const controller = fleet.start(["run", "s.yaml", "--nats", fleet.url, "--db", "x.db"]);
    expect(await until(() => fleet.countHosts() === 3, 20_000)).toBe(true);
    await sleep(2000);
    controller.child.kill("SIGKILL");
    expect(await isGone()).toBe(true);
    await fleet.agents.get("a1")?.shows("restored");
    const next = await fleet.open("RUNNEXT");
    const outcome = await runWith(next, () => {});
    await next.close();
    expect(outcome.state).toBe("completed");
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
    expect(outcome).toMatchObject({ state: "completed" });
    expect(outcome.record.tally.connections.succeeded).toBe(800);
  });
});
