import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseScenario, planTrials, type Trial } from "@churnlab/core";
import { connectNats, verbSubject } from "@churnlab/fleet";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { querySqlite } from "../../packages/store/test/query-sqlite.ts";
import { listAttempts, stateBesideLate } from "../machine-doubts.ts";
import { awaitLoad } from "./await-load.ts";
import { expectEnd, expectServed } from "./expect-served.ts";
import { requestOf } from "./request-of.ts";
import { afterMeasure, runOne } from "./run-one.ts";
import {
  type AgentSpec,
  agentsWithClocks,
  type RunningFleet,
  startFleet,
  VERSION,
} from "./start-fleet.ts";

const scenarioOf = (agents: number, measureS: number, replicates = 1): string => `
version: 1
name: fence
fleet: { agents: ${agents}, perAgent: { workers: 1 } }
workload: { kind: short-lived, arrival: { rate: 100/s } }
phases: { measure: ${measureS}s }
replicates: ${replicates}
`;

let fleet: RunningFleet;

beforeAll(async () => {
  fleet = await startFleet(agentsWithClocks([0, 0, 0]));
});
afterAll(() => fleet[Symbol.asyncDispose]());

describe("a server that loses all its files in the middle of a run", () => {
  it("costs no trial: agents go on under the locks of the new store, and their results are taken", async () => {
    await raiseRevisions();
    writeFileSync(path.join(fleet.folder, "lost.yaml"), scenarioOf(2, 2, 2));
    const db = path.join(fleet.folder, "lost.db");
    const loading = awaitLoad(fleet.url, "a1");
    const run = fleet.start(["run", "lost.yaml", ...fleet.reach, "--db", db]);
    await loading;
    await fleet.killServer();
    rmSync(path.join(fleet.folder, "jetstream"), { recursive: true });
    await fleet.startServer();
    await expectServed(run, db);
    expect(listAttempts(db)).toMatchObject(
      [1, 2].map((trial) => ({ trial, state: "completed", reason: null })),
    );
    const counted = querySqlite(
      db,
      "SELECT value FROM v_measurement WHERE role = 'client' AND metric = 'connections.succeeded'",
    );
    expect(counted).toEqual([{ value: 200 }, { value: 200 }]);
  });
});

describe("a server that is killed while the sides of a trial are built", () => {
  it("costs the trial seconds: what was asked, and lost with it, is asked again", async () => {
    writeFileSync(path.join(fleet.folder, "built.yaml"), scenarioOf(2, 1));
    const db = path.join(fleet.folder, "built.db");
    const run = fleet.start(["run", "built.yaml", ...fleet.reach, "--db", db]);
    await expect.poll(() => fleet.countHosts()).toBeGreaterThan(0);
    await fleet.killServer();
    await fleet.startServer();
    await expectServed(run, db);
  });
});

describe("a controller that sleeps while another takes its locks", () => {
  it("does not disturb the other's trial when it wakes, even with a newer lock on a third agent", async () => {
    writeFileSync(path.join(fleet.folder, "sleeps.yaml"), scenarioOf(2, 30));
    const to = [...fleet.reach, "--db", path.join(fleet.folder, "sleeps.db")];
    const sleeper = fleet.start(["run", "sleeps.yaml", ...to]);
    await fleet.agents.get("a2")?.shows("serves with");
    await expect.poll(() => fleet.countHosts()).toBe(3);
    sleeper.child.kill("SIGSTOP");
    fleet.agents.get("a2")?.child.kill("SIGKILL");
    const other = await fleet.open("RUNOTHER");
    const outcome = await runOne(
      scenarioOf(1, 4),
      other,
      afterMeasure(500, () => sleeper.child.kill("SIGCONT")),
    );
    expect(stateBesideLate(outcome)).toBe("completed");
    expect(outcome.record.tally.connections).toMatchObject({ intended: 400, succeeded: 400 });
    // It has to ask for another agent than a2 now: a3, whose lock is the newest of all.
    await expectEnd(sleeper, 40_000);
    expect(sleeper.log()).toContain("Run RUNOTHER has the target on target");
    await other.close();
  });

  it("is refused by an agent that was started anew meanwhile, and has nothing built there", async () => {
    const agent = fleet.agents.get("a1")?.child;
    agent?.kill("SIGKILL");
    await once(agent as ChildProcess, "exit");
    await fleet.startAgent(agentsWithClocks([0])[1] as AgentSpec);
    const nc = await connectNats({ name: "test", server: fleet.url, seed: null, ca: null });
    const reply = await nc.request(verbSubject("a1", "prepare"), requestOf(VERSION));
    expect(reply.json()).toMatchObject({ ok: false, code: "E_FLEET_LOCKED" });
    await nc.close();
  });
});

/** Locks are taken and given up: the revisions of a store that is lost are then higher than those of the new one. */
async function raiseRevisions(): Promise<void> {
  const trial = planTrials(parseScenario(scenarioOf(3, 1), "fence.yaml")).trials[0] as Trial;
  for (const run of ["RUN1", "RUN2"]) {
    const testbed = await fleet.open(run);
    const world: AsyncDisposable = await testbed.build(trial, new AbortController().signal);
    await world[Symbol.asyncDispose]();
    await testbed.close();
  }
}
