import { once } from "node:events";
import { statSync } from "node:fs";
import { createConnection } from "node:net";
import path from "node:path";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { Kvm } from "@nats-io/kv";
import { Svcm } from "@nats-io/services";
import { connect, type NatsConnection, nkeyAuthenticator, nkeys } from "@nats-io/transport-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connectNats } from "../../src/connect.ts";
import { askAgent, collectAnswers } from "../../src/controller/ask-agent.ts";
import { makeResultsStream } from "../../src/controller/results-stream.ts";
import {
  AGENT_INFO_SUBJECT,
  AGENT_SERVICE,
  agentLock,
  agentSubjects,
  answerSubject,
  controllerHeartbeatSubject,
  foundSubject,
  heartbeatSubject,
  inboxPrefix,
  LOCKS_BUCKET,
  liveSubject,
  RESULTS_STREAM,
  RESULTS_SUBJECTS,
  resultSubject,
  verbSubject,
} from "../../src/subjects.ts";
import { accessOf, optionsOf, startWrittenFleet, type WrittenFleet } from "./written-fleet.ts";

const RESULT = { run: "r", trial: 0, attempt: 1, seq: 0 };

let fleet: WrittenFleet;
let controller: NatsConnection;
let a: NatsConnection;
let b: NatsConnection;

beforeAll(async () => {
  fleet = await startWrittenFleet(["a", "b"]);
  controller = await fleet.connectAs("controller");
  [a, b] = await Promise.all([fleet.connectAs("a"), fleet.connectAs("b")]);
  const manager = await jetstreamManager(controller);
  await makeResultsStream(manager);
  await new Kvm(jetstream(controller)).create(LOCKS_BUCKET);
});

afterAll(async () => {
  await fleet[Symbol.asyncDispose]();
});

test("the server of Debian takes the configuration, with JetStream on", async () => {
  const { version, tls_required } = controller.info ?? {};
  expect(version).toMatch(/^2\./);
  expect(tls_required).toBe(true);
  const manager = await jetstreamManager(controller);
  expect((await manager.streams.info(RESULTS_STREAM)).config.storage).toBe("file");
});

test.each(["tls", "nats"])(
  "who has no file of the fleet is told by its URL of %s:// which one to use",
  async (scheme) => {
    const server = `${scheme}://127.0.0.1:${fleet.port}`;
    await expect(connectNats({ name: "a", server, seed: null, ca: null })).rejects.toMatchObject({
      code: "E_NATS",
      message: expect.not.stringContaining("--use-system-ca"),
      hint: expect.stringMatching(/--config FILE \(agent\) or --fleet FILE \(run\)/),
    });
  },
);

test("who has the file of another fleet is told so", async () => {
  await using other = await startWrittenFleet(["a"]);
  const { ca } = accessOf(other.directory, "a");
  await expect(connectNats({ ...accessOf(fleet.directory, "a"), ca })).rejects.toMatchObject({
    code: "E_NATS",
    hint: expect.stringContaining("wrote together with this server's"),
  });
});

test.each(["::1", "127.0.0.2", "localhost"])("who is told to reach it by %s does", async (host) => {
  await using local = await startWrittenFleet(["a"], { host });
  const connection = await connectNats(accessOf(local.directory, "a"));
  expect(connection.getServer()).toMatch(/^(?:\[::1\]|127\.0\.0\.[12]|localhost):\d+$/);
  await connection.close();
});

test("who comes after the end of the certificates is told so, and what to do", async () => {
  const now = new Date();
  now.setUTCFullYear(now.getUTCFullYear() - 3);
  await using old = await startWrittenFleet(["a"], { now });
  await expect(connectNats(accessOf(old.directory, "a"))).rejects.toMatchObject({
    code: "E_NATS",
    message: expect.stringContaining("certificate has expired"),
    hint: expect.stringContaining("fleet init --force"),
  });
});

test("who reaches the server by a name that its certificate has not is told so", async () => {
  await using elsewhere = await startWrittenFleet(["a"], { host: "192.0.2.7" });
  const server = `tls://127.0.0.2:${elsewhere.port}`;
  const access = { ...accessOf(elsewhere.directory, "a"), server };
  await expect(connectNats(access)).rejects.toMatchObject({
    code: "E_NATS",
    message: expect.stringContaining("altnames"),
    hint: expect.stringMatching(/for another name: .*--host/),
  });
});

test("files with a secret are readable by their owner alone", () => {
  const modes = ["controller.yaml", "system.yaml", "agents/a.yaml", "server/tls/server.key"].map(
    (file) => statSync(path.join(fleet.directory, file)).mode & 0o777,
  );
  expect(modes).toEqual([0o600, 0o600, 0o600, 0o600]);
});

describe("what an agent needs works:", () => {
  test("it answers the controller, and is found", async () => {
    a.subscribe(verbSubject("a", "describe"), {
      callback: (_, message) => {
        message.respond("here");
      },
    });
    const service = await new Svcm(a).add({ name: AGENT_SERVICE, version: "0.1.0" });
    await a.flush();
    const question = { agent: "a", subject: verbSubject("a", "describe"), data: "" };
    const answer = await askAgent(controller, { ...question, withinMs: 2000 });
    expect(answer.string()).toBe("here");
    const wanted = { subject: AGENT_INFO_SUBJECT, data: "", reply: foundSubject("x") };
    const found = await collectAnswers(controller, { ...wanted, stallMs: 200, withinMs: 2000 });
    expect(found.map((info) => JSON.parse(new TextDecoder().decode(info)).name)).toEqual([
      AGENT_SERVICE,
    ]);
    await service.stop();
  });

  test("it hears the controller's heartbeat, and its own is heard", async () => {
    const [heard, beats] = [
      collect(a, controllerHeartbeatSubject("*")),
      collect(controller, heartbeatSubject("*")),
    ];
    await Promise.all([a.flush(), controller.flush()]);
    controller.publish(controllerHeartbeatSubject("r"), "1");
    a.publish(heartbeatSubject("a"), "1");
    await Promise.all([heard.next(), beats.next()]);
    expect([heard.count(), beats.count()]).toEqual([1, 1]);
  });

  test("its result is stored once, however often it is published, and acknowledged", async () => {
    const subject = resultSubject({ ...RESULT, agent: "a" });
    const js = jetstream(a);
    const first = await js.publish(subject, "x", { msgID: "r/0/1/a/0" });
    const second = await js.publish(subject, "x", { msgID: "r/0/1/a/0" });
    expect([first.duplicate, second.duplicate]).toEqual([false, true]);
    expect(second.seq).toBe(first.seq);
  });
});

describe("an agent cannot", () => {
  test.each([
    ["command another", verbSubject("b", "start")],
    ["command itself", verbSubject("a", "start")],
    ["publish another's heartbeat", heartbeatSubject("b")],
    ["publish another's live data", liveSubject("b")],
    ["publish another's results", resultSubject({ ...RESULT, agent: "b" })],
    ["pass for the controller", controllerHeartbeatSubject("r")],
    ["speak to JetStream", "$JS.API.STREAM.NAMES"],
    ["change a lock", "$KV.churnlab_locks.target.t"],
    ["answer where nobody asked it", `${inboxPrefix("controller")}.x`],
    ["answer what another was asked", answerSubject("b", "x", 0)],
    ["answer what it was not asked", answerSubject("a", "x", 0)],
  ])("%s", async (_what, subject) => {
    const heard = collect(controller, subject);
    await controller.flush();
    const refused = nextPermissionError(a);
    a.publish(subject, "forged");
    expect(await refused).toContain(`Publish to "${subject}"`);
    await controller.flush();
    expect(heard.count()).toBe(0);
  });

  test.each([
    ["hear what another is asked", agentSubjects("b")],
    ["hear replies to another", `${inboxPrefix("b")}.>`],
    ["hear replies to the controller", `${inboxPrefix("controller")}.>`],
    ["read results, another's or its own", RESULTS_SUBJECTS],
    ["read another's live data", liveSubject("b")],
    ["hear everything", ">"],
  ])("%s", async (_what, subject) => {
    const refused = nextPermissionError(a);
    a.subscribe(subject, { callback: () => {} });
    expect(await refused).toContain(`Subscription to "${subject}"`);
  });

  test("fetch results through JetStream", async () => {
    const refused = nextPermissionError(b);
    const fetching = b.request(`$JS.API.STREAM.MSG.GET.${RESULTS_STREAM}`, "{}", { timeout: 500 });
    await expect(fetching).rejects.toThrow(/permission|timeout/i);
    expect(await refused).toContain("$JS.API.STREAM.MSG.GET");
  });
});

describe("an agent that names a reply of its choice for what the server answers it", () => {
  let seq = 100;

  /** Publishes results of a; resolves once the server has answered the first, to where it was told. */
  async function haveAnswered(reply: string): Promise<void> {
    const next = (): string => resultSubject({ ...RESULT, agent: "a", seq: seq++ });
    a.publish(next(), "x", { reply });
    await jetstream(a).publish(next(), "x"); // answered after it
    await Promise.all([a, b, controller].map((connection) => connection.flush()));
  }

  test("has the answer itself, in its own room", async () => {
    const heard = collect(a, `${inboxPrefix("a")}.x`);
    await haveAnswered(`${inboxPrefix("a")}.x`);
    expect(heard.count()).toBe(1);
  });

  test.each([
    ["a lock", `$KV.${LOCKS_BUCKET}.${agentLock("b")}`],
    ["JetStream", `$JS.API.STREAM.PURGE.${RESULTS_STREAM}`],
    ["another's results", resultSubject({ ...RESULT, agent: "b" })],
    ["what another is asked", verbSubject("b", "stop")],
    ["another's heartbeat", heartbeatSubject("b")],
    ["another's answer", answerSubject("b", "x", 0)],
    ["the controller's heartbeat", controllerHeartbeatSubject("r")],
    ["replies to the controller", `${inboxPrefix("controller")}.x`],
    ["who looks for agents", foundSubject("x")],
  ])("does not reach %s", async (_what, reply) => {
    const manager = await jetstreamManager(controller);
    const count = async (): Promise<number> =>
      (await manager.streams.info(RESULTS_STREAM)).state.messages;
    const heard = [collect(controller, reply), collect(b, agentSubjects("b"))];
    await Promise.all([controller.flush(), b.flush()]);
    const before = await count();
    await haveAnswered(reply);
    expect(heard.map((each) => each.count())).toEqual([0, 0]);
    expect(await count()).toBe(before + 2);
  });
});

describe("the server refuses", () => {
  test("a key that it does not know", async () => {
    const stranger = nkeyAuthenticator(nkeys.createUser().getSeed());
    const options = {
      ...optionsOf(fleet.directory, "a"),
      authenticator: stranger,
      reconnect: false,
    };
    await expect(connect(options)).rejects.toThrow(/authorization/i);
  });

  test("who brings no key, or a password", async () => {
    const { authenticator: _key, ...options } = optionsOf(fleet.directory, "a");
    await expect(connect({ ...options, reconnect: false })).rejects.toThrow(/authorization/i);
    const password = { user: "a", pass: "a", token: "a", reconnect: false };
    await expect(connect({ ...options, ...password })).rejects.toThrow(/authorization/i);
  });

  test("who speaks without TLS", async () => {
    const socket = createConnection({ host: "127.0.0.1", port: fleet.port });
    const received: string[] = [];
    socket.on("data", (chunk: Buffer) => received.push(chunk.toString()));
    socket.on("error", () => {});
    socket.write('CONNECT {"verbose":true}\r\nPING\r\n');
    await once(socket, "close");
    expect(received.join("")).toContain('"tls_required":true');
    expect(received.join("")).not.toContain("PONG");
  });
});

test("a client refuses a server that another authority vouches for", async () => {
  await using other = await startWrittenFleet(["a"]);
  const { tls: _own, ...options } = optionsOf(fleet.directory, "a");
  const { tls } = optionsOf(other.directory, "a");
  if (tls === undefined || tls === null) throw new Error("the file names no authority");
  await expect(connect({ ...options, tls, reconnect: false })).rejects.toThrow(/certificate/i);
});

interface Collected {
  count(): number;
  next(): Promise<void>;
}

function collect(connection: NatsConnection, subject: string): Collected {
  let count = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  connection.subscribe(subject, {
    callback: () => {
      count += 1;
      resolve();
    },
  });
  return { count: () => count, next: () => promise };
}

/** What the server says of the next thing that this connection may not do. */
async function nextPermissionError(connection: NatsConnection): Promise<string> {
  for await (const status of connection.status()) {
    if (status.type === "error") return status.error.message;
  }
  throw new Error("the connection ended without a refusal");
}
