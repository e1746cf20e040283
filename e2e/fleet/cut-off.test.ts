import { writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { querySqlite } from "../../packages/store/test/query-sqlite.ts";
import { expectRan, listAttempts } from "../machine-doubts.ts";
import { expectEnd } from "./expect-served.ts";
import { openHomes } from "./homes.ts";
import { type AgentSpec, type RunningFleet, type Started, startFleet } from "./start-fleet.ts";

const scenarioOf = (measureS: number): string => `
version: 1
name: cut
fleet: { agents: 2, perAgent: { workers: 1 } }
workload: { kind: short-lived, arrival: { rate: 100/s } }
phases: { measure: ${measureS}s }
replicates: 1
`;
const NAMES = ["target", "a1", "a2", "a3"];

const homes = openHomes(NAMES, "198.19.255");
const specs = NAMES.map(
  (name, i): AgentSpec => ({
    name,
    role: name === "target" ? "target" : "load",
    addresses: [`198.18.1.${i + 1}`],
    home: homes.of(name),
    flags: ["--insecure"],
  }),
);
let fleet: RunningFleet;

beforeAll(async () => {
  fleet = await startFleet(specs.slice(0, 3), homes.hub);
});
afterAll(async () => {
  await fleet[Symbol.asyncDispose]();
  await homes[Symbol.asyncDispose]();
});

function startRun(measureS: number): { readonly run: Started; readonly db: string } {
  const file = path.join(fleet.folder, `cut-${measureS}.yaml`);
  writeFileSync(file, scenarioOf(measureS));
  const db = path.join(fleet.folder, `cut-${measureS}.db`);
  return { run: fleet.start(["run", file, ...fleet.reach, "--db", db]), db };
}

/**
 * The first attempt lost a2; the second counts every connection of its own, on the target's side too, and no other. At no time is
 * there a host of the first beside those of the second.
 */
async function expectRepeated({ run, db }: ReturnType<typeof startRun>, opens: number) {
  let most = 0;
  const isOver = (): boolean => {
    most = Math.max(most, fleet.countHosts());
    return run.child.exitCode !== null;
  };
  await expect.poll(isOver, { timeout: 60_000 }).toBe(true);
  expect(most).toBe(3);
  expectRan({ code: run.child.exitCode, said: run.log() }, db);
  expect(listAttempts(db)).toMatchObject([
    { state: "invalid", reason: expect.stringContaining("a2") },
    { state: "completed", reason: null },
  ]);
  const counted = querySqlite(
    db,
    "SELECT value FROM v_measurement WHERE role = 'target' AND metric = 'tcp.PassiveOpens'",
  );
  expect(counted).toEqual([{ value: opens }]);
  await expect.poll(() => fleet.countHosts()).toBe(0);
}

describe("an agent that is cut off from the server in the middle of its load", () => {
  it("makes the attempt invalid by its name, stops by its dead-man's switch, restores, and has its part in the next", async () => {
    const started = startRun(3);
    await expect.poll(() => fleet.countHosts()).toBe(3);
    homes.cut("a2");
    const a2 = fleet.agents.get("a2");
    await a2?.shows("stopping the load and restoring");
    await a2?.shows("restored");
    homes.mend("a2");
    await expectRepeated(started, 300);
  });

  it("and comes back before its dead-man's time is told to restore before another has its place: no load of before is in the next attempt", async () => {
    await fleet.startAgent(specs[3] as AgentSpec);
    const started = startRun(8);
    await expect.poll(() => fleet.countHosts()).toBe(3);
    await sleep(1500); // into the load
    const stops = (): number =>
      (fleet.agents.get("a2")?.log().split("no word from the controller").length ?? 1) - 1;
    const before = stops();
    homes.cut("a2");
    await sleep(5500);
    homes.mend("a2");
    await expectRepeated(started, 800);
    expect(stops()).toBe(before);
  });
});

describe("an agent on another host than a server that lets everybody in", () => {
  it("refuses it, unless it is told that this is meant", async () => {
    const spec = specs.find(({ name }) => name === "a1") as AgentSpec;
    const agent = fleet.begin({ ...spec, name: "a4", flags: [] });
    await expectEnd(agent, 30_000);
    expect(`${agent.child.exitCode} ${agent.log()}`).toMatch(
      /^3 [^]*does not support 'tls'[^]*E_NATS[^]*--insecure/,
    );
    expect(agent.log()).not.toContain("serves with");
  });
});
