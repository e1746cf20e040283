import { once } from "node:events";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { connectNats, type Request, requestSchema, verbSubject } from "@churnlab/fleet";
import { afterAll, beforeAll, expect, it } from "vitest";
import { querySqlite } from "../../packages/store/test/query-sqlite.ts";
import { agentsWithClocks, type RunningFleet, startFleet, until } from "./start-fleet.ts";

const SCENARIO = `
version: 1
name: resumed
fleet: { agents: 1, perAgent: { workers: 1 } }
workload: { kind: short-lived, arrival: { rate: 100/s } }
phases: { measure: 500ms }
replicates: 3
`;

let fleet: RunningFleet;

beforeAll(async () => {
  fleet = await startFleet(agentsWithClocks([0]));
}, 60_000);
afterAll(() => fleet[Symbol.asyncDispose]());

/** Which trials the agent for load is told to start, by whichever controller. */
async function listenToStarts(): Promise<{ readonly trials: number[]; close(): Promise<void> }> {
  const nc = await connectNats({ name: "test", server: fleet.url, seed: null, ca: null });
  const trials: number[] = [];
  nc.subscribe(verbSubject("a1", "start"), {
    callback: (_, message) => {
      const { body }: Request = requestSchema.parse(message.json());
      trials.push((body as { key: { trial: number } }).key.trial);
    },
  });
  await nc.flush();
  return { trials, close: () => nc.close() };
}

it("a run whose controller was killed goes on with the trials that it lacks: none is run again, none is counted twice", async () => {
  writeFileSync(path.join(fleet.folder, "resumed.yaml"), SCENARIO);
  const db = path.join(fleet.folder, "resumed.db");
  const to = [...fleet.reach, "--db", db];
  const starts = await listenToStarts();
  const { trials } = starts;
  const killed = fleet.start(["run", "resumed.yaml", ...to]);
  expect(await until(() => trials.length === 2, 30_000)).toBe(true);
  killed.child.kill("SIGKILL");
  await once(killed.child, "exit");
  const of = (table: string, where: string): Record<string, unknown>[] =>
    querySqlite(db, `SELECT * FROM ${table} WHERE trial_id = 1 AND ${where}`);
  const first = [of("v_trial", "1"), of("v_measurement", "1"), of("v_result_piece", "1")];

  const resumed = fleet.start(["run", "--resume", "last", ...to]);
  expect(await until(() => resumed.child.exitCode !== null, 60_000)).toBe(true);
  await starts.close();
  expect(`${resumed.child.exitCode} ${resumed.log()}`).toMatch(/^0 /);
  expect(resumed.log()).toContain("1 of 3 trials are there already");
  expect(trials).toEqual([1, 2, 2, 3]);
  expect(querySqlite(db, "SELECT state FROM v_run")).toEqual([{ state: "completed" }]);
  const attempts = "SELECT trial_id, attempt, state FROM v_trial ORDER BY trial_id, attempt";
  expect(querySqlite(db, attempts)).toEqual([
    { trial_id: 1, attempt: 1, state: "completed" },
    { trial_id: 2, attempt: 1, state: "aborted" },
    { trial_id: 2, attempt: 2, state: "completed" },
    { trial_id: 3, attempt: 1, state: "completed" },
  ]);
  expect([of("v_trial", "1"), of("v_measurement", "1"), of("v_result_piece", "1")]).toEqual(first);
  const counted = `SELECT value FROM v_measurement WHERE role = 'target' AND metric = 'tcp.PassiveOpens'`;
  expect(querySqlite(db, counted)).toEqual([{ value: 50 }, { value: 50 }, { value: 50 }]);
  // Each is stored with the results of one attempt of the fleet's, and what the killed controller waited for with none.
  const parts = `SELECT trial_id, count(DISTINCT attempt) AS attempts FROM v_result_piece
    WHERE stored_with IS NOT NULL GROUP BY trial_id`;
  expect(querySqlite(db, parts)).toEqual([1, 2, 3].map((id) => ({ trial_id: id, attempts: 1 })));
  expect(fleet.countHosts()).toBe(0);
});

it("a run whose fleet lacks an agent ends with that error at its first trial, and goes on when the agent is there", async () => {
  const file = SCENARIO.replace("agents: 1", "agents: 2").replace("replicates: 3", "replicates: 2");
  writeFileSync(path.join(fleet.folder, "lacking.yaml"), file);
  const db = path.join(fleet.folder, "lacking.db");
  const to = [...fleet.reach, "--db", db];
  const lacking = fleet.start(["run", "lacking.yaml", ...to]);
  expect(await until(() => lacking.child.exitCode !== null, 30_000)).toBe(true);
  expect(`${lacking.child.exitCode} ${lacking.log()}`).toMatch(
    /^3 [^]*needs 2 agents for load[^]*E_FLEET[^]*--resume/,
  );
  const trials = "SELECT trial_id, attempt, state FROM v_trial ORDER BY trial_id, attempt";
  expect(querySqlite(db, trials)).toEqual([{ trial_id: 1, attempt: 1, state: "aborted" }]);
  await fleet.startAgent({ name: "a2", role: "load", addresses: ["198.18.2.2"] });
  const resumed = fleet.start(["run", "--resume", "last", ...to]);
  expect(await until(() => resumed.child.exitCode !== null, 60_000)).toBe(true);
  expect(`${resumed.child.exitCode} ${resumed.log()}`).toMatch(/^0 /);
  expect(querySqlite(db, trials)).toEqual([
    { trial_id: 1, attempt: 1, state: "aborted" },
    { trial_id: 1, attempt: 2, state: "completed" },
    { trial_id: 2, attempt: 1, state: "completed" },
  ]);
});
