import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { DEAD_MAN_MS } from "@churnlab/fleet";
import {
  createNetworkNamespace,
  joinByBridge,
  joinByVeth,
  type NetworkNamespace,
  readSysctls,
} from "@churnlab/linux";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { querySqlite } from "../../packages/store/test/query-sqlite.ts";
import { listAttempts } from "../machine-doubts.ts";
import { expectEnd, expectServed } from "./expect-served.ts";
import { type AgentSpec, BRIDGE, type RunningFleet, startFleet, until } from "./start-fleet.ts";

const BACKLOG = "net.ipv4.tcp_max_syn_backlog";
const SCENARIO = `
version: 1
name: given
fleet: { agents: 1, perAgent: { workers: 1 }, target: { labels: { of: OF } } }
workload: { kind: short-lived, closer: client, arrival: { rate: 100/s } }
phases: { measure: 2s }
sysctls: { target: { ${BACKLOG}: 77 } }
replicates: 1
`;
const of = (label: string): string => SCENARIO.replace("OF", label);
const HUB = "198.19.254.1";

const stack = new AsyncDisposableStack();
const folder = mkdtempSync(path.join(tmpdir(), "churnlab-given-"));
let fleet: RunningFleet;
/** A namespace that is there before any trial; and one that stands for a whole host, whose agent lives in it. */
let named: NetworkNamespace;
let host: NetworkNamespace;
let onHost: AgentSpec;
let was: Readonly<Record<string, string>>;

const isRestored = (namespace: NetworkNamespace): boolean =>
  readSysctls(namespace, [BACKLOG])[BACKLOG] === was[BACKLOG];

beforeAll(async () => {
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  const hub = stack.use(createNetworkNamespace());
  const join = (name: string, i: number): NetworkNamespace => {
    const namespace = stack.use(createNetworkNamespace());
    joinByVeth({
      left: { namespace, device: "m0", addresses: [`198.19.254.${i}`] },
      right: { namespace: hub, device: name, addresses: [HUB] },
    });
    return namespace;
  };
  named = stack.use(createNetworkNamespace());
  host = join("host", 2);
  was = readSysctls(host, [BACKLOG]);
  const config = path.join(folder, "agent.yaml");
  writeFileSync(config, "limits: { hostTarget: true, roles: [target] }\n");
  onHost = {
    name: "h1",
    role: "target",
    addresses: ["198.18.1.2"],
    network: ["--host-network"],
    flags: ["--insecure", "--label=of=host", `--config=${config}`],
    home: host,
  };
  fleet = await startFleet(
    [
      {
        name: "n1",
        role: "target",
        addresses: ["198.18.1.1"],
        network: [`--netns=/proc/${process.pid}/fd/${named.fd}`],
        flags: ["--insecure", "--label=of=named"],
        home: join("n1", 3),
      },
      {
        name: "a1",
        role: "load",
        addresses: ["198.18.2.1"],
        flags: ["--insecure"],
        home: join("a1", 4),
      },
    ],
    { namespace: hub, address: HUB },
  );
  for (const [i, namespace] of [named, host].entries()) {
    joinByBridge({
      bridge: { namespace: fleet.lan, device: BRIDGE, port: `given${i}` },
      host: { namespace, device: "c0", addresses: [`198.18.1.${i + 1}`] },
      peers: ["198.18.2.1"],
    });
  }
  await fleet.startAgent(onHost);
});
afterAll(async () => {
  await fleet[Symbol.asyncDispose]();
  await stack.disposeAsync();
});

/** Starts a run of the CLI, in the namespace of the server, and returns once the sysctl is written. */
async function startRun(label: string, namespace: NetworkNamespace, measure: string) {
  const file = path.join(fleet.folder, `${label}.yaml`);
  writeFileSync(file, of(label).replace("measure: 2s", `measure: ${measure}`));
  const db = path.join(fleet.folder, `${label}-${measure}.db`);
  const run = fleet.start(["run", file, ...fleet.reach, "--db", db]);
  expect(await until(() => !isRestored(namespace), 20_000)).toBe(true);
  expect(readSysctls(namespace, [BACKLOG])[BACKLOG]).toBe("77");
  return { run, db };
}

describe("a target in a namespace that is there already", () => {
  it.each([
    ["named", () => named],
    ["host", () => host],
  ] as const)(
    "(%s) has its sysctl changed for the trial, is observed there, and gets it back",
    async (label, find) => {
      const { run, db } = await startRun(label, find(), "2s");
      await expectServed(run, db);
      expect(isRestored(find())).toBe(true);
      const opens = `SELECT value FROM v_measurement WHERE role = 'target' AND metric = 'tcp.PassiveOpens'`;
      expect(querySqlite(db, opens)).toEqual([{ value: 200 }]);
      const written = "SELECT was, effective FROM v_sysctl WHERE role = 'target'";
      expect(querySqlite(db, written)).toEqual([{ was: was[BACKLOG], effective: "77" }]);
    },
  );

  it("gets it back at once from a run that is interrupted while it waits there for the TIME_WAIT of its first trial", async () => {
    const file = path.join(fleet.folder, "waits.yaml");
    const text = of("named").replace("closer: client", "closer: server");
    writeFileSync(
      file,
      text.replace("measure: 2s", "measure: 500ms").replace("replicates: 1", "replicates: 2"),
    );
    const db = path.join(fleet.folder, "waits.db");
    const run = fleet.start(["run", file, ...fleet.reach, "--db", db]);
    const isStored = (): boolean =>
      existsSync(db) && querySqlite(db, "SELECT state FROM v_trial").length === 1;
    expect(await until(() => !isRestored(named), 20_000)).toBe(true);
    await expect.poll(isStored).toBe(true);
    expect(await until(() => !isRestored(named), 20_000)).toBe(true);
    run.child.kill("SIGINT");
    await expectEnd(run, 30_000);
    expect(run.child.exitCode).toBe(130);
    expect(isRestored(named)).toBe(true);
    expect(listAttempts(db)).toMatchObject([
      { trial: 1, state: "completed" },
      { trial: 2, state: "aborted" },
    ]);
  });

  it("gets it back after the dead-man's time when controller and server are gone", async () => {
    const { run } = await startRun("host", host, "60s");
    // What its spool says of the running trial is not for another process of its name.
    await expect(fleet.startAgent(onHost)).rejects.toThrow(/Another agent is called h1[^]*E_FLEET/);
    expect(readSysctls(host, [BACKLOG])[BACKLOG]).toBe("77");
    run.child.kill("SIGKILL");
    await fleet.killServer();
    expect(await until(() => isRestored(host), DEAD_MAN_MS + 15_000)).toBe(true);
    await fleet.startServer();
    expect(fleet.agents.get("h1")?.log()).toContain("restored");
  });

  it("gets it back from the next start of an agent that was killed", async () => {
    const { run } = await startRun("host", host, "50s");
    const killed = fleet.agents.get("h1")?.child;
    killed?.kill("SIGKILL");
    if (killed !== undefined) await once(killed, "exit");
    run.child.kill("SIGKILL");
    expect(isRestored(host)).toBe(false); // nothing that lives knows of it
    const again = await fleet.startAgent(onHost);
    expect(isRestored(host)).toBe(true);
    expect(again.log()).toMatch(/restored what an earlier process left: net\.ipv4\.tcp_max_syn/);
  });
});

describe("a target on the host itself", () => {
  it("is refused where the agent's own file does not allow it, and nothing is changed", async () => {
    const { flags: _, ...spec } = onHost;
    const refusing = { ...spec, name: "h2", flags: ["--insecure", "--label=of=refusing"] };
    await fleet.startAgent(refusing);
    const file = path.join(fleet.folder, "refusing.yaml");
    writeFileSync(file, of("refusing"));
    const run = fleet.start(["run", file, ...fleet.reach, "--db", `${fleet.folder}/r.db`]);
    await expectEnd(run, 30_000);
    expect(run.child.exitCode).not.toBe(0);
    expect(fleet.agents.get("h2")?.log()).toMatch(/refused: .*limits\.hostTarget/);
    expect(isRestored(host)).toBe(true);
  });
});

describe("the roles of an agent", () => {
  it("are those of its command line that its own file allows", async () => {
    const both = { ...onHost, name: "h3", role: "load,target" as AgentSpec["role"] };
    const agent = await fleet.startAgent(both);
    expect(agent.log()).toContain("agent h3 (target) serves");
    await expect(fleet.startAgent({ ...onHost, name: "h4", role: "load" })).rejects.toThrow(
      /limits\s+allow\s+target\s+alone[^]*limits\.roles/,
    );
  });
});
