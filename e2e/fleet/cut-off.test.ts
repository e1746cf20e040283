import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { createNetworkNamespace, joinByVeth, type NetworkNamespace } from "@churnlab/linux";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { querySqlite } from "../../packages/store/test/query-sqlite.ts";
import { type AgentSpec, type RunningFleet, startFleet, until } from "./start-fleet.ts";

/** Longer than the dead-man's time: an agent that is cut off stops while its share would still run. */
const SCENARIO = `
version: 1
name: cut
fleet: { agents: 2, perAgent: { workers: 1 } }
workload: { kind: short-lived, arrival: { rate: 100/s } }
phases: { measure: 3s }
replicates: 1
`;
const HUB = "198.19.255.1";

let fleet: RunningFleet;
let specs: readonly AgentSpec[] = [];
const homes = new Map<string, NetworkNamespace>();
const stack = new AsyncDisposableStack();

/** Every agent is a host of its own, with one cable to the server and another to the network that is measured. */
function makeHome(hub: NetworkNamespace, name: string): NetworkNamespace {
  const home = stack.use(createNetworkNamespace());
  const i = homes.size;
  joinByVeth({
    left: { namespace: home, device: "m0", addresses: [`198.19.255.${i + 2}`] },
    right: { namespace: hub, device: `m${i}`, addresses: [HUB] },
  });
  homes.set(name, home);
  return home;
}

function inHome(name: string, ...command: readonly string[]): void {
  const [program = "", ...args] = command;
  const { status, stderr } = homes
    .get(name)
    ?.run(() => spawnSync(program, args, { encoding: "utf8" })) ?? { status: 1, stderr: name };
  if (status !== 0) throw new Error(`${command.join(" ")}: ${stderr}`);
}

beforeAll(async () => {
  const hub = stack.use(createNetworkNamespace());
  specs = ["target", "a1", "a2"].map((name, i) => ({
    name,
    role: name === "target" ? ("target" as const) : ("load" as const),
    addresses: [`198.18.1.${i + 1}`],
    home: makeHome(hub, name),
    flags: ["--insecure"],
  }));
  fleet = await startFleet(specs, { namespace: hub, address: HUB });
}, 60_000);
afterAll(async () => {
  await fleet[Symbol.asyncDispose]();
  await stack.disposeAsync();
});

describe("an agent that is cut off from the server in the middle of its load", () => {
  it("makes the attempt invalid by its name, stops by its dead-man's switch, restores, and has its part in the next", async () => {
    writeFileSync(path.join(fleet.folder, "cut.yaml"), SCENARIO);
    const db = path.join(fleet.folder, "cut.db");
    const run = fleet.start(["run", "cut.yaml", ...fleet.reach, "--db", db]);
    expect(await until(() => fleet.countHosts() === 3, 20_000)).toBe(true);
    inHome("a2", "nft", "add table inet cut");
    inHome(
      "a2",
      "nft",
      "add chain inet cut in { type filter hook input priority 0; policy drop; }",
    );
    inHome(
      "a2",
      "nft",
      "add chain inet cut out { type filter hook output priority 0; policy drop; }",
    );
    const a2 = fleet.agents.get("a2");
    await a2?.shows("stopping the load and restoring");
    await a2?.shows("restored");
    inHome("a2", "nft", "delete table inet cut");
    expect(await until(() => run.child.exitCode !== null, 60_000)).toBe(true);
    expect(`${run.child.exitCode} ${run.log()}`).toMatch(/^0 /);
    const trials = querySqlite(db, "SELECT state, reason FROM trial ORDER BY attempt");
    expect(trials).toMatchObject([
      { state: "invalid", reason: expect.stringContaining("a2") },
      { state: "completed", reason: null },
    ]);
    const counted = querySqlite(
      db,
      "SELECT value FROM v_measurement WHERE role = 'target' AND metric = 'tcp.PassiveOpens'",
    );
    expect(counted).toEqual([{ value: 300 }]);
    expect(await until(() => fleet.countHosts() === 0, 5000)).toBe(true);
  });
});

describe("an agent on another host than a server that lets everybody in", () => {
  it("refuses it, unless it is told that this is meant", async () => {
    const spec = specs.find(({ name }) => name === "a1") as AgentSpec;
    const agent = fleet.begin({ ...spec, name: "a3", flags: [] });
    expect(await until(() => agent.child.exitCode !== null, 20_000)).toBe(true);
    expect(`${agent.child.exitCode} ${agent.log()}`).toMatch(
      /^3 [^]*does not support 'tls'[^]*E_NATS[^]*--insecure/,
    );
    expect(agent.log()).not.toContain("serves with");
  });
});
