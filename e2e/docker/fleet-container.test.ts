import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { openNetworkNamespace, readSysctls } from "@churnlab/linux";
import { DockerTestbed } from "@churnlab/testbed";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type AgentSpec, type RunningFleet, startFleet, until } from "../fleet/start-fleet.ts";
import { runVariants, type VariantResult } from "../run-variants.ts";
import { countsOf } from "./conformance.ts";
import { docker, listContainers } from "./engine.ts";
import { skipWithoutEngine } from "./skip-without-engine.ts";

const FLEET =
  "fleet: { agents: 1, perAgent: { workers: 1 }, target: { labels: { of: engine } } }\n";

/**
 * So many connections however busy the machine is. In the first variant the clients' 100 ports are spent, in the second it is
 * the container that has the TIME_WAIT.
 */
const LIMITED = "arrival: { model: closed, connections: 2, limit: 150 }";
const CHURN = `
version: 1
name: fleet-container
testbed: docker
workload: { kind: short-lived, ${LIMITED} }
phases: { measure: 10s }
sysctls:
  client: { net.ipv4.tcp_tw_reuse: 0 }
  target: { net.core.somaxconn: 77, net.ipv4.tcp_max_syn_backlog: 66 }
replicates: 1
variants:
  - { name: client, workload: { closer: client }, sysctls: { client: { net.ipv4.ip_local_port_range: "30000 30099" } } }
  - { name: server, workload: { closer: server } }
`;

const folder = mkdtempSync(path.join(tmpdir(), "churnlab-fleet-container-"));
const config = path.join(folder, "agent.yaml");
writeFileSync(config, "limits: { targets: [image], images: [churnlab-target] }\n");

const TARGET: AgentSpec = {
  name: "target",
  role: "target",
  addresses: ["198.18.1.1", "198.18.1.2"],
  flags: [`--config=${config}`, "--label=of=engine"],
};
const LOAD: AgentSpec = { name: "a1", role: "load", addresses: ["198.18.2.1"] };
const ENGINELESS: AgentSpec = {
  name: "bare",
  role: "target",
  addresses: ["198.18.1.3"],
  flags: [`--config=${config}`, "--label=of=nothing"],
  env: { CHURNLAB_CONTAINER_ENGINE: "no-such-engine" },
};

const runs = skipWithoutEngine();
let fleet: RunningFleet;

beforeAll(async () => {
  if (runs) fleet = await startFleet([TARGET, LOAD, ENGINELESS]);
});
afterAll(async () => {
  if (runs) await fleet[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

async function runOnFleet(scenario: string): Promise<Readonly<Record<string, VariantResult>>> {
  const testbed = await fleet.open("RUNCONTAINER");
  try {
    return await runVariants(`${scenario}${FLEET}`, testbed);
  } finally {
    await testbed.close();
  }
}

/** Whether neither a container nor a host of a trial is left. */
const isNothingLeft = (): boolean => listContainers().length === 0 && fleet.countHosts() === 0;

/** The containers of trials that the engine has created, in the last hour. */
function listCreated(): string {
  const filters = ["--filter", "event=create", "--filter", "label=churnlab.owner"];
  return docker("events", "--since", "1h", "--until", "0s", ...filters);
}

/** A run of the CLI whose container serves. */
async function startRun(name: string) {
  const file = path.join(fleet.folder, `${name}.yaml`);
  const endless = CHURN.replace(LIMITED, "arrival: { rate: 50/s }").replace("10s", "60s");
  writeFileSync(file, `${endless}${FLEET}`);
  const run = fleet.start(["run", file, "--nats", fleet.url, "--db", `${name}.db`]);
  expect(await until(() => fleet.countHosts() === 2 && listContainers().length === 1, 60_000)).toBe(
    true,
  );
  return run;
}

describe("a target in a container on an agent's host", () => {
  it("counts what the same container counts on one machine, on both sides, and leaves nothing", async () => {
    const testbed = new DockerTestbed();
    const local = await runVariants(CHURN, testbed);
    await testbed.close();
    const remote = await runOnFleet(CHURN);
    expect(countsOf(remote)).toEqual(countsOf(local));
    expect(remote["client"]?.of("client", "time_wait.peak")).toBe(100);
    expect(remote["server"]?.of("target", "time_wait.peak")).toBe(150);
    expect(local["server"]?.of("target", "time_wait.peak")).toBe(150);

    const record = remote["server"]?.outcome.record;
    const ofLocal = local["server"]?.outcome.record.sysctls ?? [];
    expect(record?.sysctls).toHaveLength(ofLocal.length);
    expect(record?.sysctls).toEqual(expect.arrayContaining([...ofLocal]));
    expect(record?.sysctls).toContainEqual(
      expect.objectContaining({ role: "target", name: "net.core.somaxconn", effective: "77" }),
    );
    expect(record?.environment?.facts).toMatchObject({
      "target.server": "image: churnlab-target",
      "target.engine": `docker ${docker("version", "--format", "{{.Server.Version}}")}`,
      "target.sysctls": "engine",
      "target.measured": "from outside",
    });
    // Its server was asked from outside for what it did, and its CPU time is that of its own processes.
    const ofTarget = record?.measurements.filter(({ role }) => role === "target") ?? [];
    const metrics = ofTarget.map(({ metric }) => metric);
    expect(metrics).toEqual(
      expect.arrayContaining(["cpu.us_per_request", "cpu.us_per_connection"]),
    );
    await expect.poll(isNothingLeft).toBe(true);
  });

  it("may be a gateway, whose upstream is beside it in a namespace", async () => {
    const results = await runOnFleet(`
version: 1
name: fleet-gateway
testbed: docker
topology: gateway
workload: { kind: short-lived, closer: client, ${LIMITED} }
phases: { measure: 10s }
sysctls: { target: { net.ipv4.ip_local_port_range: "20000 29999" }, upstream: { net.ipv4.tcp_fin_timeout: 11 } }
replicates: 1
`);
    const [result] = Object.values(results);
    expect(result?.of("client", "connections.succeeded")).toBe(150);
    expect(result?.of("target", "tcp.PassiveOpens")).toBe(150);
    expect(result?.of("target", "tcp.ActiveOpens")).toBe(150);
    expect(result?.of("upstream", "tcp.PassiveOpens")).toBe(150);
    expect(result?.outcome.record.sysctls.map(({ role, effective }) => [role, effective])).toEqual([
      ["target", "20000 29999"],
      ["upstream", "11"],
    ]);
    await expect.poll(isNothingLeft).toBe(true);
  });

  it("is of an image that the agent's own file names, or is refused before anything is created", async () => {
    const created = listCreated();
    const asked = `${CHURN}target: { image: churnlab-base, port: 8080, command: [sleep, "9"] }\n`;
    await expect(runOnFleet(asked)).rejects.toThrow(
      /image churnlab-base, but limits\.images allows churnlab-target/,
    );
    expect(fleet.agents.get("target")?.log()).toMatch(/prepare: refused: .*churnlab-base/);
    expect(listCreated()).toBe(created);
  });

  it("is not given to an agent without an engine, and the refusal names what it lacks", async () => {
    const testbed = await fleet.open("RUNBARE");
    const scenario = `${CHURN}${FLEET.replace("of: engine", "of: nothing")}`;
    await expect(runVariants(scenario, testbed)).rejects.toThrow(
      /can have its target in a container: bare \(no container engine: no-such-engine is not/,
    );
    await testbed.close();
  });

  it("is gone after the dead-man's time when controller and server are gone", async () => {
    const run = await startRun("deadman");
    const [name = ""] = listContainers();
    const pid = docker("inspect", "--format", "{{.State.Pid}}", name);
    const namespace = openNetworkNamespace(`/proc/${pid}/ns/net`);
    expect(readSysctls(namespace, ["net.core.somaxconn"])).toEqual({ "net.core.somaxconn": "77" });
    namespace.close();
    run.child.kill("SIGKILL");
    await fleet.killServer();
    await expect.poll(isNothingLeft, { timeout: 30_000 }).toBe(true);
    await fleet.startServer();
    expect(fleet.agents.get("target")?.log()).toContain("restored");
  });

  it("outlives an agent that is killed, and is removed by its next start before that serves", async () => {
    const run = await startRun("killed");
    const killed = fleet.agents.get("target")?.child;
    killed?.kill("SIGKILL");
    if (killed !== undefined) await once(killed, "exit");
    run.child.kill("SIGKILL");
    const [name] = listContainers();
    expect(name).toMatch(/^churnlab-/); // nothing that lives knows of it
    const again = await fleet.startAgent(TARGET);
    expect(listContainers()).toEqual([]);
    await expect.poll(isNothingLeft).toBe(true);
    expect(again.log()).toContain(`removed what an earlier process left: ${name}`);
  });
});
