import { writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  agentsWithClocks,
  type RunningFleet,
  type Started,
  startFleet,
  until,
} from "./start-fleet.ts";

const SCENARIO = `
version: 1
name: late
fleet: { agents: 1, perAgent: { workers: 1 } }
workload: { kind: short-lived, arrival: { rate: 50/s } }
phases: { measure: 1s }
replicates: 1
`;
const [TARGET, LOAD] = agentsWithClocks([0]);

let fleet: RunningFleet;

beforeAll(async () => {
  if (TARGET === undefined) throw new Error("there is a target");
  fleet = await startFleet([TARGET]);
}, 60_000);
afterAll(() => fleet[Symbol.asyncDispose]());

function run(...flags: readonly string[]): Started {
  const file = path.join(fleet.folder, "late.yaml");
  writeFileSync(file, SCENARIO);
  return fleet.start([
    "run",
    file,
    ...fleet.reach,
    "--db",
    path.join(fleet.folder, "late.db"),
    ...flags,
  ]);
}

describe("a run that is begun before its fleet is there", () => {
  it("waits for the server, then for its agents, says for what, and then runs", async () => {
    await fleet.killServer();
    const started = run("--wait-for-agents", "2m");
    await started.shows("waiting for the fleet: No connection to nats://127.0.0.1");
    await fleet.startServer();
    await started.shows("waiting for the fleet: The trial needs 1 agents");
    if (LOAD !== undefined) await fleet.startAgent(LOAD);
    await started.shows("the fleet is there");
    expect(await until(() => started.child.exitCode !== null, 60_000)).toBe(true);
    expect([started.child.exitCode, started.log()]).toEqual([0, expect.any(String)]);
  });

  it("waits no longer than it is told, and ends with what is missing", async () => {
    await fleet.killServer();
    const started = run("--wait-for-agents", "1s");
    expect(await until(() => started.child.exitCode !== null, 30_000)).toBe(true);
    expect(started.child.exitCode).toBe(3);
    expect(started.log()).toMatch(/waiting for the fleet: No connection[^]*E_NATS/);
  });
});
