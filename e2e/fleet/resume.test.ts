import { once } from "node:events";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { connectNats, type Request, requestSchema, verbSubject } from "@churnlab/fleet";
import { afterAll, beforeAll, expect, it } from "vitest";
import { querySqlite } from "../../packages/store/test/query-sqlite.ts";
import { listAttempts } from "../machine-doubts.ts";
import { expectEnd, expectServed } from "./expect-served.ts";
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
});
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
  expect(await until(() => trials.includes(2), 60_000)).toBe(true);
  killed.child.kill("SIGKILL");
  await once(killed.child, "exit");
  const of = (table: string, where: string): Record<string, unknown>[] =>
    querySqlite(db, `SELECT * FROM ${table} WHERE trial_id = 1 AND ${where}`);
  const first = [of("v_trial", "1"), of("v_measurement", "1"), of("v_result_piece", "1")];

  const resumed = fleet.start(["run", "--resume", "last", ...to]);
  await expectServed(resumed, db);
  await starts.close();
  expect(resumed.log()).toContain("1 of 3 trials are there already");
  expect(querySqlite(db, "SELECT state FROM v_run")).toEqual([{ state: "completed" }]);
  expect(listAttempts(db)).toMatchObject([
    { trial: 1, state: "completed" },
    { trial: 2, state: "aborted" },
    { trial: 2, state: "completed" },
    { trial: 3, state: "completed" },
  ]);
  // Each attempt was started once, and those that were made of them for lateness are all that there were beside these four.
  const stored = querySqlite(db, "SELECT trial_id FROM v_trial ORDER BY trial_id, attempt");
  expect(trials).toEqual(stored.map(({ trial_id }) => trial_id));
  expect([of("v_trial", "1"), of("v_measurement", "1"), of("v_result_piece", "1")]).toEqual(first);
  const counted = `SELECT value FROM v_measurement WHERE role = 'target' AND metric = 'tcp.PassiveOpens'`;
  expect(querySqlite(db, counted)).toEqual([{ value: 50 }, { value: 50 }, { value: 50 }]);
  // Each is stored with the results of one attempt of the fleet's, and what the killed controller waited for with none.
  const parts = `SELECT t.trial_id, count(DISTINCT p.attempt) AS attempts
    FROM v_trial t JOIN v_result_piece p ON p.trial_id = t.trial_id AND p.stored_with = t.attempt
    WHERE t.superseded = 0 GROUP BY t.trial_id`;
  expect(querySqlite(db, parts)).toEqual([1, 2, 3].map((id) => ({ trial_id: id, attempts: 1 })));
  expect(fleet.countHosts()).toBe(0);
});

it("a run whose fleet lacks an agent ends with that error at its first trial, and goes on when the agent is there", async () => {
  const file = SCENARIO.replace("agents: 1", "agents: 2").replace("replicates: 3", "replicates: 2");
  writeFileSync(path.join(fleet.folder, "lacking.yaml"), file);
  const db = path.join(fleet.folder, "lacking.db");
  const to = [...fleet.reach, "--db", db];
  const lacking = fleet.start(["run", "lacking.yaml", ...to]);
  await expectEnd(lacking, 30_000);
  expect(`${lacking.child.exitCode} ${lacking.log()}`).toMatch(
    /^3 [^]*needs 2 agents for load[^]*E_FLEET[^]*--resume/,
  );
  expect(listAttempts(db)).toMatchObject([{ trial: 1, attempt: 1, state: "aborted" }]);
  await fleet.startAgent({ name: "a2", role: "load", addresses: ["198.18.2.2"] });
  const resumed = fleet.start(["run", "--resume", "last", ...to]);
  await expectServed(resumed, db);
  expect(listAttempts(db)).toMatchObject([
    { trial: 1, attempt: 1, state: "aborted" },
    { trial: 1, state: "completed" },
    { trial: 2, state: "completed" },
  ]);
});
