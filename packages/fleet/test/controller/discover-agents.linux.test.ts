import { Svcm } from "@nats-io/services";
import type { NatsConnection } from "@nats-io/transport-node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { discoverAgents } from "../../src/controller/discover-agents.ts";
import type { AgentDescription } from "../../src/messages/agent-description.ts";
import { PROTOCOL } from "../../src/messages/envelope.ts";
import { AGENT_SERVICE, verbSubject } from "../../src/subjects.ts";
import { startWrittenFleet, type WrittenFleet } from "../init/written-fleet.ts";

const OWN = "0.1.0";
let fleet: WrittenFleet;
let controller: NatsConnection;
const lines: string[] = [];

beforeEach(async () => {
  lines.length = 0;
  fleet = await startWrittenFleet(["a", "b"]);
  controller = await fleet.connectAs("controller");
});
afterEach(() => fleet[Symbol.asyncDispose]());

interface Announcing {
  /** By whose key; it answers on the subject of this name. */
  readonly by?: string;
  readonly name?: string;
  readonly version?: string;
  readonly instance?: string;
}

/** Somebody who says that it is an agent, and answers `describe` so. */
async function announce(answer: unknown, options: Announcing = {}): Promise<void> {
  const { by = "a", name = by, version = OWN, instance = "I1" } = options;
  const nc = await fleet.connectAs(by);
  nc.subscribe(verbSubject(by, "describe"), {
    callback: (_, message) => void message.respond(JSON.stringify(answer)),
  });
  await new Svcm(nc).add({ name: AGENT_SERVICE, version, metadata: { agent: name, instance } });
  await nc.flush();
}

function describeAs(name: string, over: object = {}): { ok: true; body: AgentDescription } {
  const body: AgentDescription = {
    protocol: PROTOCOL,
    churnlab: OWN,
    name,
    instance: "I1",
    roles: ["load"],
    labels: {},
    cores: 2,
    capacity: 2,
    kernel: "6.18.0",
    network: "link",
    addresses: ["198.18.2.1"],
    portRange: "32768 60999",
    engines: ["net"],
    containers: { lack: "it offers no target" },
    nowMs: 0,
  };
  return { ok: true, body: { ...body, ...over } };
}

const discover = () =>
  discoverAgents(controller, {
    churnlab: OWN,
    run: "R",
    holder: "H",
    log: (line) => lines.push(line),
  });

describe("an agent of another version", () => {
  it("is named with it, whatever else it says of itself", async () => {
    await announce({
      ok: true,
      body: { protocol: 1, churnlab: "0.0.9", host: { cpus: 2 } },
      more: 1,
    });
    const foreign = [{ name: "a", version: "0.0.9 (protocol 1)" }];
    expect(await discover()).toEqual({ agents: [], foreign });
  });

  it("is named with that of its service where it does not understand the question", async () => {
    await announce({ ok: false, code: "E_AGENT", message: "epoch" }, { version: "0.0.9" });
    expect(await discover()).toEqual({ agents: [], foreign: [{ name: "a", version: "0.0.9" }] });
  });
});

describe("an agent of this version", () => {
  it("that says what is not understood, or has another's name, is told of and not used", async () => {
    await announce(describeAs("a", { gpus: 8 }));
    await announce(describeAs("a"), { by: "b" });
    expect(await discover()).toEqual({ agents: [], foreign: [] });
    expect(lines.toSorted()).toEqual([
      expect.stringMatching(/agent a says of itself is not understood.*"gpus"/),
      expect.stringMatching(/agent b says of itself is not understood.*Agent b calls itself a/),
    ]);
  });

  it("that is there twice is found twice", async () => {
    await announce(describeAs("a"));
    await announce(describeAs("a", { instance: "I2" }), { instance: "I2" });
    const { agents } = await discover();
    expect(agents.map(({ name, instance }) => `${name} ${instance}`).toSorted()).toEqual([
      "a I1",
      "a I2",
    ]);
  });

  it("is not doubled by another that announces its name", async () => {
    await announce(describeAs("a"));
    await announce(describeAs("a"), { by: "b", name: "a", instance: "I2" });
    const { agents, foreign } = await discover();
    expect([agents.map(({ name }) => name), foreign]).toEqual([["a"], []]);
  });
});
