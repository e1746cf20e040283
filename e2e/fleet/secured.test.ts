import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import {
  connectNats,
  controllerHeartbeatSubject,
  heartbeatSubject,
  liveSubject,
  planFleet,
  verbSubject,
} from "@churnlab/fleet";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { piecesOfFailure } from "../../packages/fleet/src/agent/result-spool.ts";
import {
  AGENT_SERVICE,
  agentLock,
  inboxPrefix,
  LOCKS_BUCKET,
  RESULTS_STREAM,
  resultSubject,
} from "../../packages/fleet/src/subjects.ts";
import { accessOf, underId } from "../../packages/fleet/test/init/written-fleet.ts";
import { stateBesideLate } from "../machine-doubts.ts";
import { afterMeasure, runOne } from "./run-one.ts";
import { agentsWithClocks, type RunningFleet, type Started, startFleet } from "./start-fleet.ts";

const SCENARIO = `
version: 1
name: secured
fleet: { agents: 2, perAgent: { workers: 1 } }
workload: { kind: short-lived, arrival: { rate: 100/s } }
phases: { measure: 1s }
replicates: 1
`;
const AGENTS = agentsWithClocks([0, 0]);
/** There is a key for it, and no agent. */
const SPARE = { name: "spare", role: "load", addresses: ["198.18.2.9"] } as const;

type Connection = Awaited<ReturnType<typeof connectNats>>;

let fleet: RunningFleet;

beforeAll(async () => {
  const keys = [...AGENTS, SPARE].map(({ name }) => name);
  fleet = await startFleet(AGENTS, null, keys);
});
afterAll(() => fleet[Symbol.asyncDispose]());

const fileOf = (name: string): string => path.join(fleet.folder, name);
const logs = (): string[] => [...fleet.agents.values()].map((agent) => agent.log());

/** A copy of a file of the fleet, with other words in it. */
function copyWith(name: string, change: (text: string) => string): string {
  const file = fileOf(`other-${path.basename(name)}`);
  writeFileSync(file, change(readFileSync(fileOf(name), "utf8")));
  return file;
}

async function endOf(started: Started): Promise<string> {
  const isOver = (): boolean => started.child.exitCode !== null;
  await expect.poll(isOver, { timeout: 30_000 }).toBe(true);
  return `${started.child.exitCode} ${started.log()}`;
}

function startRun(file: string): Started {
  writeFileSync(fileOf("secured.yaml"), SCENARIO);
  return fleet.start(["run", "secured.yaml", "--fleet", file, "--db", fileOf("secured.db")]);
}

/** Which agents a trial would have, in the words that say they are too few. */
async function listAgents(): Promise<string> {
  const testbed = await fleet.open("RUNLIST");
  const outcome = await runOne(SCENARIO.replace("agents: 2", "agents: 9"), testbed);
  await testbed.close();
  return outcome.state === "failed" ? outcome.message : outcome.state;
}

/** The key of another fleet's agent. */
function makeStrangersSeed(): string {
  const options = { agents: ["stranger"], host: "127.0.0.1", port: 4222, now: new Date() };
  const file = planFleet(options).files.find(({ path: of }) => of === "agents/stranger.yaml");
  return /^seed: .*$/m.exec(file?.text ?? "")?.[0] ?? "";
}

const STRANGERS: readonly (readonly [what: string, change: (text: string) => string])[] = [
  [
    "a key that the server does not know",
    (text) => text.replace(/^seed: .*$/m, makeStrangersSeed()),
  ],
  ["a token", (text) => text.replace(/^seed: .*\n/m, "").replace("tls://", "tls://s3cret@")],
];

describe.each(STRANGERS)("with %s", (_what, change) => {
  it("agent and run are refused, by server and command, and nothing comes of it", async () => {
    const before = logs();
    const refusals = (): number => fleet.server().log().split("authentication error").length - 1;
    const refusedBefore = refusals();
    const config = copyWith("agents/spare.yaml", change);
    const ends = await Promise.all(
      [
        fleet.begin({ ...SPARE, flags: [`--config=${config}`] }),
        startRun(copyWith("controller.yaml", change)),
      ].map(endOf),
    );
    for (const end of ends) {
      expect(end).toMatch(
        /^3 [^]*No connection to tls:\/\/127\.0\.0\.1:\d+: .*[Aa]uthorization[^]*E_NATS/,
      );
      expect(end).not.toContain("s3cret");
    }
    await expect.poll(() => refusals() - refusedBefore).toBe(2);
    expect(existsSync(fileOf("secured.db"))).toBe(false);
    expect(logs()).toEqual(before);
    expect(fleet.countHosts()).toBe(0);
  });
});

describe("with the key of an agent", () => {
  it("nobody is a controller: the run is refused, and no agent is asked for anything", async () => {
    const before = logs();
    const end = await endOf(startRun(fileOf("agents/spare.yaml")));
    expect(end).toMatch(/^3 [^]*E_NATS/);
    await fleet.server().shows("Publish Violation");
    expect(fleet.server().log()).toMatch(/Publish Violation .*Subject "\$JS\.API\./);
    expect(logs()).toEqual(before);
    expect(fleet.countHosts()).toBe(0);
  });

  it("nobody is another agent: the server does not let it, and the command says so and ends", async () => {
    const flags = [`--config=${fileOf("agents/spare.yaml")}`];
    const end = await endOf(fleet.begin({ ...SPARE, name: "a2", spool: "spare", flags }));
    expect(end).toMatch(/^3 [^]*does not let this agent be a2[^]*E_NATS/);
    expect(end).not.toContain("serves with");
    expect(fleet.server().log()).toMatch(
      /Subscription Violation .*Subject "churnlab\.agent\.a2\.>"/,
    );
    expect(fleet.agents.get("a2")?.child.exitCode).toBe(null);
  });

  it("nobody is found under the name of another", async () => {
    const nc = await connectNats(accessOf(fleet.folder, "spare"));
    const info = {
      type: "io.nats.micro.v1.info_response",
      name: AGENT_SERVICE,
      id: "SPARE",
      version: "0.1.0",
      description: "",
      endpoints: [],
      metadata: { agent: "a2", instance: "spare" },
    };
    let asked = 0;
    nc.subscribe(`$SRV.INFO.${AGENT_SERVICE}`, {
      callback: (_, message) => {
        asked += 1;
        message.respond(JSON.stringify(info));
      },
    });
    await nc.flush();
    const found = await listAgents();
    await nc.close();
    expect(asked).toBeGreaterThan(0);
    expect(found).toMatch(/needs 9 agents.*there are 2.*a1 \(load\), a2 \(load\)/);
  });

  it("nobody speaks for another while a trial runs: each try is in the server's log, what is published as one's own in a warning, and the trial counts as ever", async () => {
    const nc = await connectNats(accessOf(fleet.folder, "spare"));
    const testbed = await fleet.open("RUNPOSED");
    const outcome = await runOne(
      SCENARIO,
      testbed,
      afterMeasure(300, () => forge(nc)),
    );
    await testbed.close();
    await nc.close();
    expect(stateBesideLate(outcome)).toBe("completed");
    expect(outcome.record.tally.connections).toMatchObject({
      intended: 100,
      attempted: 100,
      succeeded: 100,
    });
    for (const subject of FORGED) {
      await fleet.server().shows(`Subject "${subject}"`);
    }
    const strays = outcome.record.warnings.filter(({ code }) => code === "W_RESULTS_STRAY");
    expect(strays.map(({ message }) => message)).toEqual([
      expect.stringMatching(new RegExp(`^spare published ${STRAYS} `)),
    ]);
    expect(fleet.agents.get("a2")?.log()).not.toContain("refused");
  });
});

describe("a warm-up that is longer than the server lets an agent take for an answer", () => {
  it("delays no counter: hosts are asked for their look at its end soon before it", async () => {
    const config = fileOf("server/server.conf");
    const written = readFileSync(config, "utf8");
    writeFileSync(config, written.replaceAll('expires: "2m"', 'expires: "3s"'));
    expect(readFileSync(config, "utf8")).not.toBe(written);
    await fleet.killServer();
    await fleet.startServer();
    await expect.poll(listAgents).toContain("there are 2"); // they are back
    const testbed = await fleet.open("RUNWARM");
    const outcome = await runOne(
      SCENARIO.replace("measure: 1s", "warmUp: 4s, measure: 1s"),
      testbed,
    );
    await testbed.close();
    expect(outcome.record.tally.connections.succeeded).toBeGreaterThan(90);
    // A busy machine is late by its stalls; an answer that the server dropped costs three seconds.
    const late = outcome.record.warnings.filter(({ code }) => code === "W_BOUNDARY_LATE");
    expect(late.filter(({ message }) => /read \d{4,} ms after/.test(message))).toEqual([]);
    expect(fleet.server().log()).not.toMatch(/Publish Violation .*_INBOX_controller/);
  });
});

const KEY = { trial: 1, attempt: 1 };
/** More than the pieces of a small report, and for as long as its trial may have been prepared. */
const PIECES = 4;
const STRAYS = 10 * PIECES;
const FORGED = [
  verbSubject("a2", "stop"),
  heartbeatSubject("a2"),
  liveSubject("a2"),
  resultSubject({ agent: "a2", run: "RUNPOSED", ...KEY, seq: 0 }),
  controllerHeartbeatSubject("RUNPOSED"),
  `${inboxPrefix("controller")}.x`,
];

/** What the acknowledgement of a result would be taken for, if the server sent it there. */
const REPLIES = [
  `$KV.${LOCKS_BUCKET}.${agentLock("a2")}`,
  `$JS.API.STREAM.PURGE.${RESULTS_STREAM}`,
  resultSubject({ agent: "a2", run: "RUNPOSED", ...KEY, seq: 0 }),
  heartbeatSubject("a2"),
];

/**
 * Says what a2 or the controller would say; and under its own name, as results of its own, that a2 has failed: under ids that are
 * those of a2's pieces but for what cannot be guessed, and with replies of which it hopes that the server answers there.
 */
function forge(nc: Connection): void {
  for (const subject of FORGED) nc.publish(subject, "{}");
  const origin = { run: "RUNPOSED", agent: "a2", key: KEY };
  const [piece] = piecesOfFailure(origin, new Error("forged"));
  const nowS = Math.floor(Date.now() / 1000);
  for (let stray = 0; stray < STRAYS; stray++) {
    // Of a controller that was started some seconds ago, its first attempt.
    const attempt = (nowS - Math.floor(stray / PIECES)) * 100_000 + 1;
    const id = { run: "RUNPOSED", trial: KEY.trial, attempt, seq: stray % PIECES };
    const msgID = `${id.run}/${id.trial}/${id.attempt}/a2/${id.seq}`;
    const reply = REPLIES[stray];
    nc.publish(resultSubject({ agent: SPARE.name, ...id }), JSON.stringify(piece), {
      ...underId(msgID),
      ...(reply === undefined ? {} : { reply }),
    });
  }
}
