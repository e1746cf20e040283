import { once } from "node:events";
import { readdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { querySqlite } from "../../packages/store/test/query-sqlite.ts";
import { listAttempts, stateBesideLate } from "../machine-doubts.ts";
import { awaitLoad } from "./await-load.ts";
import { expectServed } from "./expect-served.ts";
import { afterMeasure, runOne } from "./run-one.ts";
import { type AgentSpec, type RunningFleet, startFleet } from "./start-fleet.ts";

const SCENARIO = `
version: 1
name: spool
fleet: { agents: 1, perAgent: { workers: 1 } }
workload: { kind: short-lived, arrival: { rate: 200/s } }
phases: { measure: 2s }
replicates: 1
`;
const SPECS: readonly [AgentSpec, AgentSpec] = [
  { name: "target", role: "target", addresses: ["198.18.1.1"] },
  { name: "a1", role: "load", addresses: ["198.18.2.1"], spoolKib: 1024 },
];
const KIB = 1024;

let fleet: RunningFleet;

beforeAll(async () => {
  fleet = await startFleet(SPECS);
});
afterAll(() => fleet[Symbol.asyncDispose]());

/** Leaves nothing free on the disk of the agent's spool. */
function fill(): { empty(): void } {
  const spool = fleet.spoolOf("a1");
  const file = path.join(spool, "ballast");
  const { bavail, bsize } = statfsSync(spool);
  expect(bavail * bsize).toBeLessThanOrEqual(1024 * KIB); // its own, and not that of this machine
  writeFileSync(file, Buffer.alloc(bavail * bsize));
  return { empty: () => rmSync(file) };
}

describe("an agent whose spool is full", () => {
  it("refuses the trial before there is any load, says which disk it is, and goes on once there is space", async () => {
    const testbed = await fleet.open("RUNFULL");
    const full = fill();
    const refused = await runOne(SCENARIO, testbed);
    expect(refused).toMatchObject({
      state: "failed",
      code: "E_DISK",
      // Whichever is written first: a fence is noted only where it is new.
      message: expect.stringMatching(
        /^.*a1: (?:Results cannot be written to \S*spool-a1|The newest lock cannot be noted in \S*spool-a1\/fence-a1\.\S*\.json) \(ENOSPC\)/,
      ),
    });
    full.empty();
    const outcome = await runOne(SCENARIO, testbed);
    await testbed.close();
    expect(stateBesideLate(outcome)).toBe("completed");
  });

  it.each([
    [false, "invalid"],
    [true, "degraded"],
  ] as const)(
    "since the load began sends its results all the same, none is missing, and the trial (soak: %s) is %s",
    async (soak, state) => {
      const testbed = await fleet.open(`RUNFILLED${soak}`);
      const full: ReturnType<typeof fill>[] = [];
      const outcome = await runOne(SCENARIO, testbed, {
        soak,
        ...afterMeasure(500, () => full.push(fill())),
      });
      await testbed.close();
      for (const each of full) each.empty();
      expect(outcome).toMatchObject({
        state,
        reason: expect.stringMatching(/a1: Results cannot be written to .*ENOSPC/),
      });
      const { warnings, tally } = outcome.record;
      expect(warnings.map(({ code }) => code)).toContain("W_SPOOL_FULL");
      expect(tally.connections).toMatchObject({ intended: 400, attempted: 400, succeeded: 400 });
      expect(fleet.agents.get("a1")?.child.exitCode).toBe(null);
    },
  );
});

describe("results that an agent recorded and could not bring before it was killed", () => {
  it("are brought when it comes back, kept once beside the repeated trial, and then removed from its disk", async () => {
    const [, spec] = SPECS;
    const { spoolKib: _, ...onDisk } = { ...spec, name: "b1", addresses: ["198.18.2.9"] };
    const agent = await fleet.startAgent({ ...onDisk, flags: ["--label=zone=b"] });
    const yaml = SCENARIO.replace("agents: 1,", "agents: 1, labels: { zone: b },");
    writeFileSync(path.join(fleet.folder, "replay.yaml"), yaml);
    const db = path.join(fleet.folder, "replay.db");
    const spool = path.join(fleet.folder, "spool-b1");
    const spooled = (): string[] => readdirSync(spool).filter((name) => name.endsWith(".ndjson"));
    const running = awaitLoad(fleet.url, "b1");
    const run = fleet.start(["run", "replay.yaml", ...fleet.reach, "--db", db]);
    await running;
    await fleet.killServer();
    await expect.poll(() => spooled().length).toBe(1);
    agent.child.kill("SIGKILL");
    await once(agent.child, "exit");
    await fleet.startServer();
    await fleet.startAgent({ ...onDisk, flags: ["--label=zone=b"] });
    await expectServed(run, db);
    await expect.poll(() => spooled().length).toBe(0);
    const attempts = listAttempts(db);
    expect(attempts).toMatchObject([{ attempt: 1, state: "invalid" }, { state: "completed" }]);
    const pieces = querySqlite(db, "SELECT agent, stored_with, late FROM v_result_piece");
    const late = pieces.filter(({ stored_with: attempt }) => attempt === null);
    expect(late.length).toBeGreaterThanOrEqual(2);
    const texts = late.map(({ late: text }) => JSON.parse(String(text)) as { kind: string });
    expect(texts.filter(({ kind }) => kind === "final")).toHaveLength(1);
    expect(texts.at(-1)).toMatchObject({ agent: "b1", totals: { attempted: 400 } });
    expect(pieces.filter(({ stored_with }) => stored_with === attempts[1]?.attempt)).toHaveLength(
      late.length,
    );
  });
});
