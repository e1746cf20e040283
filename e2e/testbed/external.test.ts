import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { createNetworkNamespace, joinByVeth } from "@churnlab/linux";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Ended, Workplace } from "../cli/churnlab.ts";
import { expectRan } from "../machine-doubts.ts";

const scenario = (url: string, parts = ""): string => `
version: 1
name: external
testbed: external
target: { url: "${url}" }
workload: { kind: short-lived, closer: client, arrival: { model: open, rate: 100/s } }
phases: { measure: 1s }
replicates: 1
${parts}
variants: [{ name: only }]
`;

let place: Workplace;
beforeEach(() => {
  place = new Workplace();
});
afterEach(() => place[Symbol.dispose]());

function expectEnded({ code, stderr }: Pick<Ended, "code" | "stderr">): void {
  expectRan({ code, said: stderr }, path.join(place.folder, "churnlab.db"));
}

/** A role's metric in the newest run, null where it has none. */
async function readMetric(role: string, metric: string): Promise<number | null> {
  const { stdout } = await place.run(["export", "last", "--format", "csv"]);
  const row = stdout.split("\n").find((line) => line.includes(`,${role},${metric},`));
  return row === undefined ? null : Number(row.split(`,${role},${metric},`)[1]?.split(",")[0]);
}

describe("a server on loopback that is not churnlab's", () => {
  let server: Server;
  const requests: IncomingMessage[] = [];
  beforeEach(async () => {
    requests.length = 0;
    server = createServer((request, answer) => {
      requests.push(request);
      answer.end("ok");
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
  });
  afterEach(() => server.close());

  it("is loaded by any user, its name kept, with what is sent said before", async () => {
    const { port } = server.address() as AddressInfo;
    const file = place.write("s.yaml", scenario(`http://localhost:${port}/path?q=1`));
    const prefix = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    const { code, stderr } = await place.run(["run", file], { prefix });
    expect(stderr).toMatch(/load on http:\/\/localhost:\d+\/path\?q=1 \(\S+ port \d+\): 100\/s/);
    expect(stderr).toContain("100 connections in all, for 1 s, once");
    expectEnded({ code, stderr });
    expect(requests.length).toBe(100);
    expect(requests[0]?.url).toBe("/path?q=1");
    expect(requests[0]?.headers.host).toBe(`localhost:${port}`);
    expect(await readMetric("client", "connections.succeeded")).toBe(100);
    expect(await readMetric("client", "tcp.ActiveOpens")).toBeGreaterThanOrEqual(100);
    expect(await readMetric("target", "tcp.PassiveOpens")).toBeNull();
    const { stdout } = await place.run(["show", "last"]);
    expect(stdout).toMatch(/W_TARGET_UNSEEN.*nothing of the kernel/);
    expect(stdout).not.toContain("W_CLOSER_DIFFERS");
  });

  it("is not given sysctls: the scenario is refused", async () => {
    const { port } = server.address() as AddressInfo;
    const parts = "sysctls: { target: { net.ipv4.tcp_tw_reuse: 1 } }";
    const file = place.write("s.yaml", scenario(`http://127.0.0.1:${port}`, parts));
    const { code, stderr } = await place.run(["run", file]);
    expect(stderr).toMatch(/testbed external sets no sysctls/);
    expect(code).toBe(2);
    expect(requests).toEqual([]);
  });
});

describe("a host that is not this machine's", () => {
  it("is not loaded unless that is allowed, and what would be sent is said", async () => {
    const file = place.write("s.yaml", scenario("http://192.0.2.1:8080"));
    const { code, stderr } = await place.run(["run", file]);
    expect(stderr).toMatch(/192\.0\.2\.1 port 8080.*: 100\/s, 100 connections in all, for 1 s/);
    expect(stderr).toMatch(/E_EXTERNAL[^]*--allow-external/);
    expect(code).toBe(2);
  });

  it("is loaded when it is allowed", async () => {
    // Without a route there, so that nothing leaves this machine.
    using alone = createNetworkNamespace();
    const file = place.write("s.yaml", scenario("http://192.0.2.1:8080"));
    const { ended } = alone.run(() => place.start(["run", file, "--allow-external"]));
    const { code, stderr } = await ended;
    expect(stderr).toMatch(/load on http:\/\/192\.0\.2\.1:8080 .*: 100\/s/);
    expectEnded({ code, stderr });
    expect(await readMetric("client", "failures.ENETUNREACH")).toBe(100);
  });

  it("in the range for tests is loaded from its neighbour, whose kernel is seen", async () => {
    using client = createNetworkNamespace();
    using target = createNetworkNamespace();
    joinByVeth({
      left: { namespace: client, device: "c0", addresses: ["198.18.0.2"] },
      right: { namespace: target, device: "t0", addresses: ["198.18.0.1"] },
    });
    const code = `require("node:http").createServer((_, a) => a.end()).listen(80, () => console.log())`;
    const server = target.run(() => spawn(process.execPath, ["-e", code]));
    try {
      await once(server.stdout, "data");
      const file = place.write("s.yaml", scenario("http://198.18.0.1"));
      const { ended } = client.run(() => place.start(["run", file]));
      expectEnded(await ended);
      expect(await readMetric("client", "connections.succeeded")).toBe(100);
      expect(await readMetric("client", "tcp.ActiveOpens")).toBe(100);
      expect(await readMetric("client", "time_wait.peak")).toBe(100);
    } finally {
      server.kill();
    }
  });
});
