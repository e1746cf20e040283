import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseScenario, planTrials, type Trial } from "@churnlab/core";
import {
  type ArmRequest,
  controllerHeartbeatSubject,
  heartbeatSubject,
  PROTOCOL,
  type PrepareRequest,
  planFleet,
  type Reply,
  type Verb,
  verbSubject,
} from "@churnlab/fleet";
import {
  createNetworkNamespace,
  joinByVeth,
  type NetworkNamespace,
  readSysctls,
} from "@churnlab/linux";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { askAgent } from "../../packages/fleet/src/controller/ask-agent.ts";
import {
  startWrittenFleet,
  type WrittenFleet,
} from "../../packages/fleet/test/init/written-fleet.ts";
import { BIN, Programs, type Started, until, VERSION } from "./start-fleet.ts";

const ALLOWED = "198.18.9.9";
/** Of a third party: TEST-NET-3, RFC 5737. */
const FORBIDDEN = "203.0.113.9";
/** Of a lock that no other is later than. */
const FENCE = { storeMs: Number.MAX_SAFE_INTEGER, revision: 1 };
const SYSCTL = "net.ipv4.tcp_fin_timeout";
const SCENARIO = `
version: 1
name: compromised
workload: { kind: short-lived, arrival: { rate: 20/s }, timeouts: { connect: 200ms, response: 200ms } }
phases: { measure: 1s }
sysctls: { client: { ${SYSCTL}: 17 } }
`;
const { spec } = planTrials(parseScenario(SCENARIO, "compromised.yaml")).trials[0] as Trial;

const stack = new AsyncDisposableStack();
let fleet: WrittenFleet;
let programs: Programs;
let agent: Started;
let controller: Awaited<ReturnType<WrittenFleet["connectAs"]>>;
/** Where the agent's side lives; and two hosts that it can reach. */
let side: NetworkNamespace;
let allowed: NetworkNamespace;
let thirdParty: NetworkNamespace;
let fin: Readonly<Record<string, string>>;
let trial = 0;

/** The limits of `fleet init`, and a rate that is soon reached. */
function limitRate(name: string): string {
  const file = path.join(fleet.directory, `agents/${name}.yaml`);
  const content = parse(readFileSync(file, "utf8"));
  content.limits.rate = "50/s";
  writeFileSync(file, stringify(content));
  return file;
}

async function startAgent(name: string): Promise<Started> {
  const started = programs.start([
    process.execPath,
    BIN,
    "agent",
    `--config=${limitRate(name)}`,
    `--netns=/proc/${process.pid}/fd/${side.fd}`,
    "--address=198.18.2.1",
    `--spool=${path.join(fleet.directory, `spool-${name}`)}`,
  ]);
  await started.shows("serves with");
  return started;
}

beforeAll(async () => {
  fleet = stack.use(await startWrittenFleet(["a1", "a2"]));
  programs = stack.use(new Programs(fleet.directory));
  [side, allowed, thirdParty] = [1, 2, 3].map(() => stack.use(createNetworkNamespace())) as [
    NetworkNamespace,
    NetworkNamespace,
    NetworkNamespace,
  ];
  joinByVeth({
    left: { namespace: side, device: "c0", addresses: ["198.18.2.1"] },
    right: { namespace: allowed, device: "v0", addresses: [ALLOWED] },
  });
  joinByVeth({
    left: { namespace: side, device: "c1", addresses: ["198.18.2.2"] },
    right: { namespace: thirdParty, device: "v0", addresses: [FORBIDDEN] },
  });
  fin = readSysctls(side, [SYSCTL]);
  agent = await startAgent("a1");
  controller = await fleet.connectAs("controller");
});
afterAll(() => stack.disposeAsync());

/** TCP segments that have come to a host: a closed port answers each SYN with one reset, and hears no more. */
function countSegments(host: NetworkNamespace): number {
  const lines = host.run(() => readFileSync("/proc/thread-self/net/snmp", "utf8")).split("\n");
  const [names = [], values = []] = lines
    .filter((line) => line.startsWith("Tcp:"))
    .map((line) => line.split(" "));
  return Number(values[names.indexOf("InSegs")]);
}

/** What the agent answers to a controller that has a key and no scruples. */
async function ask(verb: Verb, body: unknown): Promise<Reply> {
  const request = {
    protocol: PROTOCOL,
    churnlab: VERSION,
    run: "EVIL",
    holder: "H",
    fence: FENCE,
    body,
  };
  const subject = verbSubject("a1", verb);
  const data = JSON.stringify(request);
  const message = await askAgent(controller, { agent: "a1", subject, data, withinMs: 10_000 });
  return message.json<Reply>();
}

function prepareOf(part: Partial<PrepareRequest> = {}): PrepareRequest {
  trial += 1;
  const key = { trial, attempt: 1 };
  const peers = [ALLOWED];
  const rest = { part: "load", sources: 1, workers: 1, clockOffsetMs: 0, liveMs: 1000 } as const;
  return { key, spec, peers, ...rest, ...part };
}

function armOf(part: Partial<ArmRequest> = {}): ArmRequest {
  const { workload, phases } = spec;
  return {
    key: { trial, attempt: 1 },
    seed: 1,
    workload,
    phases,
    target: { host: ALLOWED, port: 8080, path: "/", tls: false },
    share: { first: 0, count: 1, of: 1 },
    ...part,
  };
}

const nowMs = (): number => Number(process.hrtime.bigint()) / 1e6;
const startOf = () => ({ key: { trial, attempt: 1 }, startAtMs: nowMs() + 300 });

/** It says no, says why to the controller and in its own log, and does nothing. */
async function expectRefusal(verb: Verb, body: unknown, why: RegExp): Promise<void> {
  const before = agent.log().length;
  expect(await ask(verb, body)).toMatchObject({
    ok: false,
    message: expect.stringMatching(why),
  });
  const logged = (): string => agent.log().slice(before);
  expect(await until(() => why.test(logged()), 2000)).toBe(true);
  expect(logged()).toContain(`${verb}: refused:`);
}

const { workload } = spec;
const arrival = { ...workload.arrival, ratePerS: 51 };

describe("a controller that was taken over is refused, and the agent's log says so:", () => {
  it("a side whose load goes to a third party", async () => {
    const request = prepareOf({ peers: [ALLOWED, FORBIDDEN] });
    await expectRefusal("prepare", request, /limits\.addresses/);
    expect(readSysctls(side, [SYSCTL])).toEqual(fin);
  });

  it("a sysctl of the namespace that stays, beyond those of TCP", async () => {
    const sysctls = { client: { "net.ipv4.ip_forward": "1" } };
    await expectRefusal("prepare", prepareOf({ spec: { ...spec, sysctls } }), /limits\.sysctls/);
    expect(readSysctls(side, [SYSCTL])).toEqual(fin);
  });

  it.each([
    ["a third party", { target: { ...armOf().target, host: FORBIDDEN } }, /limits\.addresses/],
    [
      "a third party by way of a proxy",
      { target: { ...armOf().target, path: `http://${FORBIDDEN}/` } },
      /not understood: target\.path/,
    ],
    [
      "a request within a request",
      { target: { ...armOf().target, path: `/ HTTP/1.1\r\nHost: ${FORBIDDEN}\r\n\r\nGET /` } },
      /not understood: target\.path/,
    ],
    ["a higher rate", { workload: { ...workload, arrival } }, /limits\.rate/],
    [
      "a higher rate behind a step",
      { workload: { ...workload, arrival: { ...arrival, ratePerS: 1, toPerS: 40, steps: 1.01 } } },
      /not understood: workload\.arrival\.steps/,
    ],
    [
      "more requests on each connection",
      { workload: { ...workload, requestsPerConnection: 1000 } },
      /limits\.rate/,
    ],
    ["more hours", { phases: { ...spec.phases, measureMs: 3_600_001 } }, /limits\.duration/],
    ["more workers", { share: { first: 0, count: 2, of: 2 } }, /prepared 1 workers/],
  ] as const)("%s", async (_what, part, why) => {
    expect(await ask("prepare", prepareOf())).toMatchObject({ ok: true });
    await expectRefusal("arm", { ...armOf(), ...part }, why);
    await expectRefusal("start", startOf(), /once it is armed/);
  });

  it("a second load beside the first, which stays what it was", async () => {
    const before = countSegments(allowed);
    expect(before).toBe(0); // of all that was refused nothing went anywhere
    expect(await ask("prepare", prepareOf())).toMatchObject({ ok: true });
    const both = await Promise.all([ask("arm", armOf()), ask("arm", armOf())]);
    expect(both.filter(({ ok }) => ok)).toHaveLength(1);
    expect(await ask("start", startOf())).toMatchObject({ ok: true });
    await expectRefusal("start", startOf(), /once it is armed/);
    await expectRefusal("arm", armOf(), /once it is prepared/);
    await expect.poll(() => countSegments(allowed)).toBeGreaterThanOrEqual(20);
    await expectRefusal("arm", armOf(), /once it is prepared/);
    expect(await ask("restore", { key: armOf().key })).toMatchObject({ ok: true });
    expect(countSegments(allowed)).toBe(20);
    expect(readSysctls(side, [SYSCTL])).toEqual(fin);
  });

  it("and no segment ever came to the third party, which the agent's side can reach", () => {
    expect(countSegments(thirdParty)).toBe(0);
    side.run(() => spawnSync("bash", ["-c", `echo > /dev/tcp/${FORBIDDEN}/8080`]));
    expect(countSegments(thirdParty)).toBeGreaterThan(0);
  });
});

describe("an agent", () => {
  it("is not made deaf by what is no message", async () => {
    expect(await ask("prepare", prepareOf())).toMatchObject({ ok: true });
    const twin = await fleet.connectAs("a1");
    for (const [of, subject] of [
      [controller, controllerHeartbeatSubject("EVIL")],
      [twin, heartbeatSubject("a1")], // nobody else may say it
      [controller, verbSubject("a1", "arm")],
    ] as const) {
      of.publish(subject, "no message");
      of.publish(subject, '{"of": "another kind"}');
    }
    await agent.shows(`${controllerHeartbeatSubject("EVIL")}: A message is`);
    await agent.shows(`${heartbeatSubject("a1")}: A message is`);
    expect(await ask("describe", null)).toMatchObject({ ok: true, body: { name: "a1" } });
    expect(agent.log()).not.toContain("is lost");
    expect(await ask("restore", { key: armOf().key })).toMatchObject({ ok: true });
  });

  it("that is asked to end says that it was interrupted", async () => {
    const { child } = await startAgent("a2");
    child.kill("SIGTERM");
    if (child.exitCode === null) await once(child, "exit");
    expect(child.exitCode).toBe(130);
  });

  it("whose key the server takes no more restores its host, says why, and ends", async () => {
    expect(await ask("prepare", prepareOf())).toMatchObject({ ok: true });
    expect(readSysctls(side, [SYSCTL])).not.toEqual(fin);
    const file = path.join(fleet.directory, "server/server.conf");
    const options = { agents: ["other"], host: "127.0.0.1", port: fleet.port, now: new Date() };
    const other = /nkey: (U\w{55})/.exec(planFleet(options).files[0]?.text ?? "")?.[1] ?? "";
    const keyless = readFileSync(file, "utf8").replace(/(# a1\s+nkey: )\w+/, `$1${other}`);
    writeFileSync(file, keyless);
    process.kill(fleet.serverPid, "SIGHUP");
    const { child } = agent;
    expect(await until(() => child.exitCode !== null, 20_000)).toBe(true);
    expect(child.exitCode).toBe(3);
    expect(agent.log()).toMatch(/the server is lost[^]*connection to the server is over/);
    expect(readSysctls(side, [SYSCTL])).toEqual(fin);
  });
});
