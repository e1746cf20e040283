import { writeFileSync } from "node:fs";
import path from "node:path";
import { type TrialOutcome, WARNING_CODES } from "@churnlab/core";
import {
  type AgentOptions,
  DEFAULT_LIMITS,
  type FleetAgent,
  type MonotonicClock,
  openClock,
  startAgent,
} from "@churnlab/fleet";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { afterMeasure, runOne } from "./run-one.ts";
import { BRIDGE, type RunningFleet, startFleet } from "./start-fleet.ts";

const SCENARIO = `
version: 1
name: clocks
fleet: { agents: 1, perAgent: { workers: 1 }, labels: { of: OF } }
workload: { kind: short-lived, arrival: { rate: 200/s } }
phases: { measure: 2s }
replicates: 1
`;
const of = (label: string): string => SCENARIO.replace("OF", label);
const WHOLE = { intended: 400, attempted: 400, succeeded: 400, failed: 0, dropped: 0 };

/** A clock that can be set, as no CLOCK_MONOTONIC can: what if it were? */
function openJumpingClock(): MonotonicClock & { jump(ms: number): void } {
  let clock = openClock();
  let offsetMs = 0;
  return {
    nowMs: () => clock.nowMs(),
    toLocalMs: (atMs) => clock.toLocalMs(atMs),
    fromLocalMs: (localMs) => clock.fromLocalMs(localMs),
    jump(ms) {
      offsetMs += ms;
      clock = openClock(offsetMs);
    },
  };
}

/** What invalidates a trial, beside a generator that was late and a clock that was asked in a bad moment: it has not moved. */
function doubtsOf({ state, record }: TrialOutcome): string[] {
  expect(["completed", "invalid"]).toContain(state);
  return record.warnings
    .filter(({ code }) => WARNING_CODES[code].invalidates && code !== "W_GENERATOR_LIMITED")
    .map(({ message }) => message)
    .filter((message) => !/is known to \d+\.\d ms only/.test(message));
}

let fleet: RunningFleet;
let jumping: FleetAgent;
const clock = openJumpingClock();
const said: string[] = [];

beforeAll(async () => {
  const wallClock = path.join(await makeFolder(), "wall-clock.mjs");
  // The time of day of this process leaps back and forth by an hour, several times per second.
  writeFileSync(
    wallClock,
    `const now = Date.now.bind(Date);
     Date.now = () => now() + (Math.floor(performance.now() / 300) % 2 === 0 ? 3_600_000 : -3_600_000);`,
  );
  fleet = await startFleet([
    { name: "target", role: "target", addresses: ["198.18.1.1"] },
    {
      name: "wall",
      role: "load",
      addresses: ["198.18.2.1"],
      flags: ["--label=of=wall"],
      env: { NODE_OPTIONS: `--import=${wallClock}` },
    },
  ]);
  const options: AgentOptions = {
    access: { name: "jumps", server: fleet.url, seed: null, ca: null },
    churnlab: "0.1.0",
    roles: ["load"],
    labels: { of: "jumps" },
    network: { kind: "link", bridge: BRIDGE, path: `/proc/self/fd/${fleet.lan.fd}` },
    addresses: ["198.18.2.2"],
    capacity: 1,
    spool: path.join(fleet.folder, "spool-jumps"),
    limits: DEFAULT_LIMITS,
    clock,
    log: (line) => said.push(line),
  };
  jumping = await startAgent(options);
});
afterAll(async () => {
  await jumping[Symbol.asyncDispose]();
  await fleet[Symbol.asyncDispose]();
});

async function makeFolder(): Promise<string> {
  const { mkdtemp } = await import("node:fs/promises");
  const { tmpdir } = await import("node:os");
  return mkdtemp(path.join(tmpdir(), "churnlab-clock-"));
}

describe("clocks of agents", () => {
  it("whose time of day leaps while a trial runs give the same results", async () => {
    const testbed = await fleet.open("RUNWALL");
    const outcome = await runOne(of("wall"), testbed);
    await testbed.close();
    expect(outcome.record.tally.connections).toMatchObject(WHOLE);
    expect(doubtsOf(outcome)).toEqual([]);
  });

  it("whose monotonic clock leaps count the same, and the trial is invalid by the name of the agent", async () => {
    const testbed = await fleet.open("RUNJUMP");
    const outcome = await runOne(
      of("jumps"),
      testbed,
      afterMeasure(1000, () => clock.jump(3000)),
    );
    const again = await runOne(of("jumps"), testbed);
    await testbed.close();
    expect(outcome).toMatchObject({
      state: "invalid",
      reason: expect.stringMatching(/clock of jumps moved by (?:299\d|300\d)\.\d ms/),
      record: { tally: { connections: WHOLE } },
    });
    expect(outcome.record.warnings.map(({ code }) => code)).toContain("W_CLOCK_UNSURE");
    // It is measured anew before each trial.
    expect(again.record.tally.connections).toMatchObject(WHOLE);
    expect(doubtsOf(again)).toEqual([]);
  });
});

describe("an agent that gets the start too late", () => {
  it("says so and does not start: no connection is made, and the trial is invalid with that reason", async () => {
    const testbed = await fleet.open("RUNLATE");
    const outcome = await runOne(of("jumps"), testbed, {
      onPhase: (phase) => {
        if (phase === "warm-up") clock.jump(60_000);
      },
    });
    await testbed.close();
    expect(outcome).toMatchObject({
      state: "invalid",
      reason: expect.stringMatching(/jumps got the start \d+\.\d ms too late, and did not start/),
    });
    expect(outcome.record.tally.connections.attempted).toBe(0);
    expect(said.join("\n")).toMatch(/start: refused: jumps got the start/);
  });
});
