import { once } from "node:events";
import { parseScenario, planTrials, type Trial } from "@churnlab/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { agentsWithClocks, type RunningFleet, startFleet, until } from "./start-fleet.ts";

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
}, 60_000);
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
    expect(fleet.agents.get("target")?.log()).toContain("refused");
    expect(await until(() => fleet.countHosts() === 0, 5000)).toBe(true);
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
      expect(outcome).toMatchObject({ code: "E_NATS", message: /JetStream/ });
    } finally {
      bare.kill("SIGKILL");
      await once(bare, "exit");
    }
  });
});
