import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { createNetworkNamespace, joinByVeth, type NetworkNamespace } from "@churnlab/linux";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { expectEnd } from "./expect-served.ts";
import { type AgentSpec, type RunningFleet, startFleet, until } from "./start-fleet.ts";

const HUB = "198.19.253.1";
/** Says what a protected server says, takes whatever it is sent, and tells of it. */
const IMPOSTOR = `
const info = { server_id: "I", version: "2.9.10", headers: true, max_payload: 1048576, proto: 1, auth_required: true, nonce: "n" };
require("node:net").createServer((socket) => {
  console.error("came");
  socket.write("INFO " + JSON.stringify(info) + "\\r\\n");
  socket.on("data", (data) => { console.error("said " + data); if (data.includes("PING")) socket.write("PONG\\r\\n"); });
  socket.on("error", () => {});
}).listen(Number(process.argv[1]), "${HUB}", () => console.error("listens"));
`;

const SCENARIO = `
version: 1
name: off-loopback
fleet: { agents: 1 }
workload: { kind: short-lived, arrival: { rate: 100/s } }
replicates: 1
`;

const stack: AsyncDisposableStack[] = [];
let hub: NetworkNamespace;
let spec: AgentSpec;

beforeEach(() => {
  const held = new AsyncDisposableStack();
  stack.push(held);
  hub = held.use(createNetworkNamespace());
  const home = held.use(createNetworkNamespace());
  joinByVeth({
    left: { namespace: home, device: "m0", addresses: ["198.19.253.2"] },
    right: { namespace: hub, device: "m1", addresses: [HUB] },
  });
  spec = { name: "a1", role: "load", addresses: ["198.18.1.1"], home };
});
afterEach(async () => {
  await stack.pop()?.disposeAsync();
});

/** Starts a program where the server is; what it writes is kept. */
function startInHub(fleet: RunningFleet, command: readonly string[]): () => string {
  const [program = "", ...args] = command;
  const child: ChildProcess = hub.run(() =>
    spawn(program, args, { cwd: fleet.folder, stdio: ["ignore", "ignore", "pipe"] }),
  );
  let text = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    text += chunk.toString();
  });
  stack.at(-1)?.defer(async () => {
    if (child.exitCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  });
  return () => text;
}

async function openFleet(secured: boolean): Promise<RunningFleet> {
  const place = { namespace: hub, address: HUB };
  const fleet = await startFleet(secured ? [spec] : [], place, secured ? [spec.name] : null);
  stack.at(-1)?.use(fleet);
  return fleet;
}

const portOf = ({ url }: RunningFleet): string => url.split(":").at(-1) ?? "";

describe("an agent whose server is on another machine", () => {
  it("refuses one without TLS, before it has said who it is, unless it is told --insecure", async () => {
    const fleet = await openFleet(false);
    await expect(fleet.startAgent(spec)).rejects.toThrow(/does not support 'tls'[^]*--insecure/);
    await fleet.startAgent({ ...spec, flags: ["--insecure"] });
    await fleet.killServer();
    const heard = startInHub(fleet, [process.execPath, "-e", IMPOSTOR, portOf(fleet)]);
    expect(await until(() => heard().includes("listens"), 5000)).toBe(true);
    await expect(fleet.startAgent({ ...spec, name: "a2" })).rejects.toThrow(/'tls'/);
    expect(heard()).not.toMatch(/said [^]*"name":"a2"/);
    expect(heard()).toContain("came");
  });

  it("has a controller that refuses it likewise, and is let through by the same flag", async () => {
    const fleet = await openFleet(false);
    writeFileSync(path.join(fleet.folder, "off.yaml"), SCENARIO);
    const to = ["run", "off.yaml", "--nats", fleet.url, "--db", "off.db"];
    const refused = fleet.start(to);
    await expectEnd(refused, 30_000);
    expect(`${refused.child.exitCode} ${refused.log()}`).toMatch(/^3 [^]*'tls'[^]*--insecure/);
    const taken = fleet.start([...to, "--insecure"]);
    await expectEnd(taken, 30_000);
    expect(taken.log()).toMatch(/No agent offers a target/);
  });

  it("says nothing to an impostor that has its server's place after a reconnect", async () => {
    const fleet = await openFleet(true);
    await fleet.killServer();
    const heard = startInHub(fleet, [process.execPath, "-e", IMPOSTOR, portOf(fleet)]);
    await expect.poll(() => heard().split("came").length).toBeGreaterThan(3);
    expect(heard()).not.toContain("said");
    expect(fleet.agents.get("a1")?.child.exitCode).toBe(null);
  });

  it("ends when its own server comes back and lets everybody in", async () => {
    const fleet = await openFleet(true);
    await fleet.killServer();
    const tls = path.join(fleet.folder, "server/tls");
    const files = ["--tlscert", `${tls}/server.pem`, "--tlskey", `${tls}/server.key`];
    startInHub(fleet, ["nats-server", "-a", HUB, "-p", portOf(fleet), "--tls", ...files]);
    const agent = fleet.agents.get("a1");
    expect(await until(() => agent?.child.exitCode !== null, 15_000)).toBe(true);
    expect(agent?.log()).toMatch(/lets everybody in, and is on another machine/);
  });
});
