import { setTimeout as sleep } from "node:timers/promises";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { Kvm } from "@nats-io/kv";
import { Svcm } from "@nats-io/services";
import { afterEach, beforeEach, expect, test } from "vitest";
import { connectNats } from "../../src/connect.ts";
import { type ControllerOptions, FleetController } from "../../src/controller/fleet-controller.ts";
import type {
  AgentDescription,
  AgentRole,
  Heartbeat,
} from "../../src/messages/agent-description.ts";
import { PROTOCOL, type Request, requestSchema } from "../../src/messages/envelope.ts";
import {
  AGENT_SERVICE,
  agentLock,
  controllerHeartbeatSubject,
  heartbeatSubject,
  LOCKS_BUCKET,
  liveSubject,
  RESULTS_STREAM,
  resultSubject,
  runLock,
  verbSubject,
} from "../../src/subjects.ts";
import { accessOf, startWrittenFleet, type WrittenFleet } from "../init/written-fleet.ts";

const GARBAGE = ["", "{", "null", '{"agent":5}', "\u0000\u0001"];

const WISH = {
  agents: 1,
  labels: {},
  perAgent: { workers: null, sources: 1 },
  target: { labels: {} },
} as const;
const SPEC = {
  testbed: "netns",
  topology: "direct",
  target: { url: "http://198.18.0.1/" },
} as const;

let fleet: WrittenFleet;

beforeEach(async () => {
  fleet = await startWrittenFleet(["a", "t"]);
});
afterEach(() => fleet[Symbol.asyncDispose]());

/** Of a controller of the run R that has stored nothing yet. */
function controllerOptions(): ControllerOptions {
  return {
    access: accessOf(fleet.directory, "controller"),
    churnlab: "0",
    run: "R",
    ledger: { has: () => false, lastAttempt: () => 0, keepLate: () => {} },
  };
}

test("an agent that says what nobody understands is told of once, and the controller goes on hearing the others", async () => {
  const lines: string[] = [];
  await using controller = await FleetController.open({
    ...controllerOptions(),
    log: (line) => lines.push(line),
  });
  const agent = await fleet.connectAs("a");
  const of = { agent: "a", run: "R", trial: 1, attempt: 1 };
  for (const [seq, garbage] of GARBAGE.entries()) {
    agent.publish(heartbeatSubject("a"), garbage);
    agent.publish(liveSubject("a"), garbage);
    agent.publish(resultSubject({ ...of, seq }), garbage);
  }
  await agent.flush();
  await expect.poll(() => controller.results.strays).toBe(GARBAGE.length);
  expect(lines).toEqual([expect.stringMatching(/^what a says on churnlab\..* is not understood/)]);
  // It still asks, and hears that nobody is there.
  await expect(controller.muster(WISH, SPEC, AbortSignal.timeout(40_000))).rejects.toMatchObject({
    code: "E_FLEET",
  });
});

/** Is there for whoever looks for agents. */
async function announce(name: string, role: AgentRole, address: string): Promise<AsyncDisposable> {
  const nc = await connectNats(accessOf(fleet.directory, name));
  const description: AgentDescription = {
    protocol: PROTOCOL,
    churnlab: "0.0.0",
    name,
    instance: name,
    roles: [role],
    labels: {},
    cores: 1,
    capacity: 1,
    kernel: "6.0",
    network: "link",
    addresses: [address],
    portRange: "32768\t60999",
    engines: [],
    containers: { lack: "none" },
    nowMs: 0,
  };
  const metadata = { agent: name, instance: name };
  await new Svcm(nc).add({ name: AGENT_SERVICE, version: "0.0.0", metadata });
  nc.subscribe(verbSubject(name, "describe"), {
    callback: (_, message) => void message.respond(JSON.stringify({ ok: true, body: description })),
  });
  await nc.flush();
  return { [Symbol.asyncDispose]: () => nc.close() };
}

test("a server that is away while agents are looked for costs a trial seconds: they are found when it is back", async () => {
  await using controller = await FleetController.open({
    access: accessOf(fleet.directory, "controller"),
    churnlab: "0.0.0",
    run: "R",
    ledger: { has: () => false, lastAttempt: () => 0, keepLate: () => {} },
  });
  await using _load = await announce("a", "load", "198.18.2.1");
  await using _target = await announce("t", "target", "198.18.1.1");
  process.kill(fleet.serverPid, "SIGKILL");
  await sleep(1000); // until all of them know
  const mustered = controller.muster(WISH, SPEC, AbortSignal.timeout(40_000));
  const settled = mustered.catch((error: unknown) => error);
  await sleep(3500); // longer than anybody is looked for
  await fleet.restartServer();
  await settled;
  const { loads, target } = await mustered;
  expect([...loads.map(({ link }) => link.name), target.name]).toEqual(["a", "t"]);
});

test("a run has one controller: another is refused while it lives, and what it leaves is for who took the run over", async () => {
  const options = controllerOptions();
  const first = await FleetController.open(options);
  await expect(FleetController.open(options)).rejects.toMatchObject({
    code: "E_FLEET_LOCKED",
    message: "Another controller has the run R",
  });
  const nc = await fleet.connectAs("controller");
  const locks = await new Kvm(jetstream(nc)).open(LOCKS_BUCKET);
  const agent = jetstream(await fleet.connectAs("a"));
  const of = { agent: "a", run: "R", trial: 1, attempt: 1 };
  const part = { ...of, key: { trial: 1, attempt: 1 }, kind: "part", seq: 0, text: "x" };
  const { trial: _trial, attempt: _attempt, ...piece } = part;
  await agent.publish(resultSubject({ ...of, seq: 0 }), JSON.stringify(piece));
  await locks.put(runLock("R"), JSON.stringify({ run: "R", holder: "another" }));
  await first[Symbol.asyncDispose]();
  const jsm = await jetstreamManager(nc);
  const count = async () => (await jsm.streams.info(RESULTS_STREAM)).state.messages;
  expect(await count()).toBe(1);
  // Nobody hears the other: whoever comes now has the run, and what waits of it goes with that.
  const last = await FleetController.open(options);
  await last[Symbol.asyncDispose]();
  expect(await count()).toBe(0);
});

test("a controller is heard before it has the lock of its run: a slow server lets nobody take it for dead", async () => {
  const nc = await fleet.connectAs("controller");
  const [beat, lock] = [controllerHeartbeatSubject("R"), `$KV.${LOCKS_BUCKET}.${runLock("R")}`];
  const said: string[] = [];
  const callback = (_: Error | null, { subject }: { subject: string }): void => {
    said.push(subject);
  };
  for (const subject of [beat, lock]) nc.subscribe(subject, { callback });
  await nc.flush();
  await using _controller = await FleetController.open(controllerOptions());
  await expect.poll(() => new Set(said)).toEqual(new Set([beat, lock]));
  expect(said[0]).toBe(beat);
});

test("a run that is taken up again recalls a side of the controller before it, under a lock that comes after that one's", async () => {
  const key = { trial: 1, attempt: 1 };
  const options = controllerOptions();
  const before = await FleetController.open(options);
  const nc = await fleet.connectAs("controller");
  const locks = await new Kvm(jetstream(nc)).open(LOCKS_BUCKET);
  const revision = await locks.put(agentLock("a"), JSON.stringify({ run: "R", holder: "before" }));
  await before[Symbol.asyncDispose]();
  await using controller = await FleetController.open(options);
  const agent = await fleet.connectAs("a");
  const asked: Request[] = [];
  agent.subscribe(verbSubject("a", "restore"), {
    callback: (_, message) => {
      asked.push(requestSchema.parse(message.json()));
      message.respond(JSON.stringify({ ok: true, body: { hadLoad: true } }));
    },
  });
  const heartbeat: Heartbeat = {
    agent: "a",
    instance: "a",
    seq: 0,
    state: "running",
    run: "R",
    key,
    nowMs: 0,
  };
  agent.publish(heartbeatSubject("a"), JSON.stringify(heartbeat));
  await expect.poll(() => asked.length, { timeout: 10_000 }).toBe(1);
  expect(asked[0]).toMatchObject({ run: "R", body: { key } });
  expect(asked[0]?.fence.revision).toBeGreaterThan(revision);
  expect(await controller.awaitReturned()).toEqual(["a"]);
});
