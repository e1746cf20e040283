import { once } from "node:events";
import { type ChurnError, parseScenario, planTrials, type Trial } from "@churnlab/core";
import { clockSubject, connectNats, heartbeatSubject, verbSubject } from "@churnlab/fleet";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectEnd } from "./expect-served.ts";
import { requestOf } from "./request-of.ts";
import {
  type AgentSpec,
  agentsWithClocks,
  type RunningFleet,
  type Started,
  startFleet,
  VERSION,
} from "./start-fleet.ts";

const SCENARIO = `
version: 1
name: fleet
fleet: { agents: 1 }
workload: { kind: short-lived, arrival: { rate: 100/s } }
replicates: 1
`;

function aTrial(text: string = SCENARIO): Trial {
  return planTrials(parseScenario(text, "fleet.yaml")).trials[0] as Trial;
}

const signal = new AbortController().signal;
let fleet: RunningFleet;

beforeAll(async () => {
  fleet = await startFleet(agentsWithClocks([0]));
});
afterAll(() => fleet[Symbol.asyncDispose]());

describe("what a fleet refuses", () => {
  it("a second controller on agents that a run has, with the name of that run", async () => {
    const first = await fleet.open("RUNFIRST");
    const second = await fleet.open("RUNSECOND");
    const world: AsyncDisposable = await first.build(aTrial(), signal);
    await expect(second.build(aTrial(), signal)).rejects.toMatchObject({
      code: "E_FLEET_LOCKED",
      message: expect.stringContaining("RUNFIRST"),
    });
    await second.close();
    await world[Symbol.asyncDispose]();
    await first.close();
  });

  it("a controller of another version, with both versions", async () => {
    const testbed = await fleet.open("RUNOTHER", "9.9.9");
    await expect(testbed.build(aTrial(), signal)).rejects.toMatchObject({
      code: "E_FLEET_VERSION",
      message: expect.stringMatching(/0\.1\.0.*9\.9\.9/),
    });
    await testbed.close();
  });

  it("a second agent of a name that is taken", async () => {
    const spec = agentsWithClocks([0])[1];
    if (spec === undefined) throw new Error("no spec");
    await expect(fleet.startAgent(spec)).rejects.toThrow(/Another agent is called a1/);
  });

  it("one of two agents of a name that begin at once, and the other serves", async () => {
    const spec: AgentSpec = { name: "twin", role: "load", addresses: ["198.18.2.7"] };
    const apart = { ...spec, flags: [`--spool=${fleet.folder}/twin`] };
    const begun = [fleet.begin(spec), fleet.begin(apart)];
    const isOver = ({ child }: Started): boolean => child.exitCode !== null;
    await expect.poll(() => begun.filter(isOver).length).toBeGreaterThan(0);
    const [ended, ...more] = begun.filter(isOver);
    expect(more).toEqual([]);
    expect(ended?.child.exitCode).toBe(3);
    expect(ended?.log()).toMatch(/Another agent is called twin[^]*E_FLEET/);
    const left = begun.find((each) => each !== ended);
    await left?.shows("agent twin (load) serves");
    expect(left?.child.exitCode).toBe(null);
    left?.child.kill("SIGTERM");
    await expect.poll(() => left?.child.exitCode).toBe(130);
  });

  it("an agent that serves already, where an older one of its name is heard; it ends by itself, and not by a younger one", async () => {
    const spec: AgentSpec = { name: "heard", role: "load", addresses: ["198.18.2.8"] };
    const agent = await fleet.startAgent(spec);
    const nc = await connectNats({ name: "test", server: fleet.url, seed: null, ca: null });
    const beat = (instance: string): void => {
      const heartbeat = { agent: "heard", instance, seq: 0, state: "idle", run: null, nowMs: 0 };
      nc.publish(heartbeatSubject("heard"), JSON.stringify(heartbeat));
    };
    beat("ffffffff");
    // It has heard it once it answers what was asked later.
    await nc.request(clockSubject("heard"));
    expect(agent.child.exitCode).toBe(null);
    beat("00000000");
    await expectEnd(agent, 30_000);
    await nc.close();
    expect(agent.child.exitCode).toBe(3);
    expect(agent.log()).toMatch(/Another agent is called heard[^]*E_FLEET/);
  });

  it("what a controller of another version asks, should it not look first, by the agent itself", async () => {
    const nc = await connectNats({ name: "test", server: fleet.url, seed: null, ca: null });
    const asked = ["prepare", "arm", "start", "restore"] as const;
    for (const verb of asked) {
      const reply = await nc.request(verbSubject("a1", verb), requestOf("9.9.9"));
      expect(reply.json()).toMatchObject({
        ok: false,
        code: "E_FLEET_VERSION",
        message: expect.stringMatching(/controller is churnlab 9\.9\.9 .*agent a1 is 0\.1\.0/),
      });
    }
    await nc.close();
    for (const verb of asked) {
      await fleet.agents.get("a1")?.shows(`churnlab.agent.a1.${verb}: refused`);
    }
    expect(fleet.countHosts()).toBe(0);
  });

  it("a target that nobody offers, and says how it is: by a command that works when it is copied", async () => {
    const testbed = await fleet.open("RUNNOTARGET");
    const yaml = SCENARIO.replace("agents: 1", "agents: 1, target: { labels: { disk: fast } }");
    const refusal: unknown = await testbed.build(aTrial(yaml), signal).catch((error) => error);
    const { hint = "" } = refusal as ChurnError;
    const [, command = ""] =
      /Start one: churnlab (agent .*) \(on a host with that bridge/.exec(hint) ?? [];
    // On a host of its own, for which a namespace stands here.
    const host = [
      `--netns=/proc/${process.pid}/fd/${fleet.lan.fd}`,
      `--spool=${fleet.folder}/copied`,
    ];
    const started = fleet.start([...command.split(" "), ...host]);
    await started.shows("serves with 198.18.1.2");
    const world: AsyncDisposable = await testbed.build(aTrial(yaml), signal);
    await world[Symbol.asyncDispose]();
    await testbed.close();
    started.child.kill("SIGTERM");
    await expect.poll(() => started.child.exitCode).toBe(130);
  });

  it("what says more than it knows, by name, and nothing of it is done", async () => {
    const nc = await connectNats({ name: "test", server: fleet.url, seed: null, ca: null });
    const request = { ...(JSON.parse(requestOf(VERSION)) as object), dryRun: true };
    const reply = await nc.request(verbSubject("a1", "prepare"), JSON.stringify(request));
    expect(reply.json()).toMatchObject({
      ok: false,
      message: expect.stringMatching(/not understood: Unrecognized key: "dryRun"/),
    });
    await nc.close();
  });

  it("more agents than there are, and says which there are", async () => {
    const testbed = await fleet.open("RUNMANY");
    const many = SCENARIO.replace("agents: 1", "agents: 3");
    await expect(testbed.build(aTrial(many), signal)).rejects.toMatchObject({
      code: "E_FLEET",
      message: expect.stringMatching(/needs 3 agents.*there are 1.*a1 \(load\)/),
    });
    await testbed.close();
  });

  it("a program as target that the agent's own limits do not allow, and nothing is built", async () => {
    const testbed = await fleet.open("RUNPROGRAM");
    const command = `${SCENARIO}target: { command: [sleep, "1000"] }\n`;
    await expect(testbed.build(aTrial(command), signal)).rejects.toMatchObject({
      code: "E_REFUSED",
      message: expect.stringContaining("limits.targets"),
    });
    await testbed.close();
    await fleet.agents.get("target")?.shows("refused");
    await expect.poll(() => fleet.countHosts()).toBe(0);
  });

  it("a server without JetStream", async () => {
    await fleet.killServer();
    const { spawn } = await import("node:child_process");
    const port = new URL(fleet.url.replace("nats:", "http:")).port;
    const bare = spawn("nats-server", ["-a", "127.0.0.1", "-p", port], { stdio: "ignore" });
    try {
      let outcome: unknown = null;
      const asked = async (): Promise<void> => {
        outcome = await fleet.open("RUNBARE").catch((error: unknown) => error);
      };
      for (let i = 0; i < 50; i++) {
        await asked();
        if ((outcome as Error).message.includes("JetStream")) break;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      expect(outcome).toMatchObject({
        code: "E_NATS",
        message: expect.stringMatching(/JetStream cannot be used/),
      });
    } finally {
      bare.kill("SIGKILL");
      await once(bare, "exit");
    }
  });
});
