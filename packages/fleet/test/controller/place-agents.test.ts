import type { FleetSpec } from "@churnlab/core";
import { describe, expect, it } from "vitest";
import { type PlacedTrial, placeAgents } from "../../src/controller/place-agents.ts";
import type { AgentDescription } from "../../src/messages/agent-description.ts";

const TARGET: PlacedTrial = {
  reach: "--nats nats://127.0.0.1:4222",
  testbed: "netns",
  topology: "direct",
  target: { url: "http://198.18.0.1/" },
};

function agent(name: string, over: Partial<AgentDescription> = {}): AgentDescription {
  return {
    protocol: 1,
    churnlab: "0.1.0",
    name,
    instance: name,
    roles: ["load", "target"],
    labels: {},
    cores: 2,
    capacity: 2,
    kernel: "6.18.0",
    network: "link",
    addresses: ["198.18.0.2"],
    portRange: "32768 60999",
    engines: ["net"],
    containers: { lack: "no container engine: docker is not installed" },
    nowMs: 0,
    ...over,
  };
}

function fleet(agents: number, over: Partial<FleetSpec> = {}): FleetSpec {
  const perAgent = { workers: null, sources: 1 };
  return { agents, labels: {}, perAgent, target: { labels: {} }, ...over };
}

describe("placement", () => {
  it("takes the same agents whatever the order in which they answer", () => {
    const all = [agent("c"), agent("a"), agent("t", { roles: ["target"] }), agent("b")];
    for (const order of [all, all.toReversed()]) {
      const { loads, target } = placeAgents(fleet(2), order, TARGET);
      expect(loads.map((load) => load.agent.name)).toEqual(["a", "b"]);
      expect(target.name).toBe("t");
    }
  });

  it("never has one agent offer both sides of a trial", () => {
    const { loads, target } = placeAgents(fleet(1), [agent("a"), agent("b")], TARGET);
    expect(loads.map((load) => load.agent.name)).not.toContain(target.name);
  });

  it("gives a target in a container to an agent that can have one, and says what the others lack", () => {
    const image: PlacedTrial = {
      ...TARGET,
      testbed: "docker",
      topology: "direct",
      target: { image: "nginx:1.28", port: 80, command: null, env: {} },
    };
    const lacking = [
      agent("a"),
      agent("t", {
        roles: ["target"],
        containers: { lack: "limits.images in its file names none" },
      }),
    ];
    const able = agent("z", { containers: { engine: "docker 28.5.1" } });
    expect(placeAgents(fleet(1), [...lacking, able], image).target.name).toBe("z");
    // What needs no container is placed as ever.
    expect(placeAgents(fleet(1), [...lacking, able], TARGET).target.name).toBe("t");
    expect(() => placeAgents(fleet(1), lacking, image)).toThrow(
      expect.objectContaining({
        code: "E_FLEET",
        message:
          "No agent can have its target in a container: a (no container engine: docker is not installed), t (limits.images in its file names none)",
        hint: expect.stringContaining('images: ["nginx:1.28"]'),
      }),
    );
  });

  it("takes only agents with all labels, for load and for the target apart", () => {
    const all = [
      agent("a", { labels: { zone: "x" } }),
      agent("b", { labels: { zone: "y" } }),
      agent("c", { labels: { zone: "y", disk: "fast" } }),
    ];
    const wish = fleet(1, {
      labels: { zone: "x" },
      target: { labels: { zone: "y", disk: "fast" } },
    });
    const { loads, target } = placeAgents(wish, all, TARGET);
    expect([loads[0]?.agent.name, target.name]).toEqual(["a", "c"]);
  });

  it("says how many lack addresses or workers", () => {
    const wish = fleet(2, { perAgent: { workers: 4, sources: 2 } });
    const all = [
      agent("t"),
      agent("a"),
      agent("b", { capacity: 4, addresses: ["1.1.1.1", "1.1.1.2"] }),
    ];
    expect(() => placeAgents(wish, all, TARGET)).toThrow(/needs 2 agents.*1 more lack 2 addresses/);
  });

  it("says how the missing agent is started: with a network, the wanted labels, and what no other has", () => {
    const load = agent("a1", { roles: ["load"], addresses: ["198.18.2.1", "198.18.1.1"] });
    const wish = fleet(2, { labels: { zone: "x y" }, target: { labels: { disk: "fast" } } });
    const command = "churnlab agent --nats nats://127.0.0.1:4222 --name";
    expect(() => placeAgents(wish, [load], TARGET)).toThrow(
      expect.objectContaining({
        hint: expect.stringContaining(
          `${command} t1 --role target --label disk=fast --bridge churn0 --address 198.18.1.2 (`,
        ),
      }),
    );
    const target = agent("t1", { roles: ["target"], labels: { disk: "fast" } });
    expect(() => placeAgents(wish, [load, target], TARGET)).toThrow(
      expect.objectContaining({
        hint: expect.stringContaining(
          `${command} a2 --role load --label 'zone=x y' --bridge churn0 --address 198.18.2.2 (`,
        ),
      }),
    );
  });

  it("refuses two agents of one name", () => {
    expect(() => placeAgents(fleet(1), [agent("a"), agent("a")], TARGET)).toThrow(
      /Two agents are called a/,
    );
  });

  it("puts a gateway where there is an address for its upstream too", () => {
    const spec: PlacedTrial = { ...TARGET, topology: "gateway" };
    const addresses = ["198.18.0.1", "198.18.0.9"];
    const all = [agent("a"), agent("b"), agent("t", { addresses })];
    expect(placeAgents(fleet(1), all, spec).target.name).toBe("t");
    expect(() => placeAgents(fleet(1), all.slice(0, 2), spec)).toThrow(/with two addresses/);
  });
});
