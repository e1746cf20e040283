import { spawnSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openCounters } from "../src/counters.ts";
import { type Handshake, pingHandshake } from "../src/handshake-ping.ts";
import { enterNetworkNamespace } from "../src/network-namespace.ts";
import { applySysctls } from "../src/sysctls.ts";
import { connect, listen } from "./fixtures/raw-sockets.ts";
import { makeTwoHosts, TARGET, TARGET6, type TwoHosts } from "./fixtures/two-hosts.ts";

const OPEN = 80;
const CLOSED = 81;
const FILTERED = 82;
const ABORTING = 83;

let hosts: TwoHosts;

beforeAll(() => {
  hosts = makeTwoHosts();
  listen(hosts.target, { host: TARGET, port: OPEN });
  listen(hosts.target, { host: TARGET6, port: OPEN });
  listen(hosts.target, { host: TARGET, port: ABORTING });
  const rules = `add table inet t
    add chain inet t in { type filter hook input priority 0; }
    add rule inet t in tcp dport ${FILTERED} drop
    add rule inet t in tcp dport ${ABORTING} tcp flags & (syn | ack) == ack reject with tcp reset`;
  const { status, stderr } = hosts.target.run(() =>
    spawnSync("nft", ["-f", "-"], { input: rules, encoding: "utf8" }),
  );
  if (status !== 0) throw new Error(stderr);
});

afterAll(() => hosts[Symbol.dispose]());

/** From the client: the thread stays inside for as long as it waits. */
async function ping(
  port: number,
  { address = TARGET, timeoutMs = 3000 }: { address?: string; timeoutMs?: number } = {},
): Promise<Handshake> {
  using _inside = enterNetworkNamespace(hosts.client.fd);
  return await pingHandshake({ address, port, timeoutMs });
}

describe("a handshake", () => {
  test("with an open port is timed by the kernel, over IPv4 and IPv6", async () => {
    for (const address of [TARGET, TARGET6]) {
      const handshake = await ping(OPEN, { address });
      expect(handshake).toMatchObject({
        answer: "open",
        measuredBy: "kernel",
        errno: null,
        retransmitted: 0,
      });
      expect(handshake.rttUs).toBeGreaterThan(0);
    }
  });

  test("with a closed port ends with the reset that came", async () => {
    const handshake = await ping(CLOSED);
    expect(handshake).toMatchObject({
      answer: "closed",
      measuredBy: "clock",
      errno: "ECONNREFUSED",
    });
    expect(handshake.rttUs).toBeGreaterThan(0);
  });

  test("that is reset as soon as it is done was answered, and is not lost", async () => {
    const handshake = await ping(ABORTING);
    expect(handshake).toMatchObject({ answer: "open", errno: "ECONNRESET" });
    expect(handshake.rttUs).toBeGreaterThan(0);
  });

  test("that nothing answers is filtered once its time is over", async () => {
    const silent = { answer: "filtered", rttUs: null, measuredBy: null, errno: "ETIMEDOUT" };
    expect(await ping(FILTERED, { timeoutMs: 300 })).toMatchObject(silent);
  });

  test("with an address that nobody has is filtered at first, and unreachable once the kernel gives up", async () => {
    const address = "198.18.255.254";
    hosts.client.run(() => spawnSync("ip", ["route", "add", address, "dev", "c0"]));
    expect((await ping(OPEN, { address, timeoutMs: 100 })).answer).toBe("filtered");
    expect(await ping(OPEN, { address, timeoutMs: 10_000 })).toMatchObject({
      answer: "unreachable",
      errno: "EHOSTUNREACH",
    });
  });

  test("without a route is not sent", async () => {
    const none = { answer: "unsent", errno: "ENETUNREACH", rttUs: null };
    expect(await ping(OPEN, { address: "192.0.2.1" })).toMatchObject(none);
  });

  test("leaves no TIME_WAIT and no socket on either side", async () => {
    using client = openCounters(hosts.client);
    using target = openCounters(hosts.target);
    const inuse = (): unknown[] =>
      [client, target].map((reader) => {
        const { gauges } = reader.read();
        return [gauges["time_wait"], gauges["tcp.inuse"]];
      });
    const sentBefore = client.read().counters["tcp.OutRsts"] ?? 0;
    for (let index = 0; index < 20; index++) await ping(OPEN);
    const [[timeWait, open] = [], [targetTimeWait] = []] = inuse() as number[][];
    expect([timeWait, open, targetTimeWait]).toEqual([0, 0, 0]);
    expect((client.read().counters["tcp.OutRsts"] ?? 0) - sentBefore).toBe(20);
  });

  test("is not sent when the last local port is taken, which is told from silence", async () => {
    applySysctls(hosts.client, { "net.ipv4.ip_local_port_range": "40000 40001" });
    const held = [0, 1].map(() => connect(hosts.client, { host: TARGET, port: OPEN }));
    expect(held.filter((fd) => fd < 0)).toEqual([]);
    expect(await ping(OPEN)).toMatchObject({ answer: "unsent", errno: "EADDRNOTAVAIL" });
  });

  test("ends early when it is aborted", async () => {
    using _inside = enterNetworkNamespace(hosts.client.fd);
    const begunMs = performance.now();
    const { answer } = await pingHandshake({
      address: TARGET,
      port: FILTERED,
      timeoutMs: 60_000,
      signal: AbortSignal.timeout(50),
    });
    expect(answer).toBe("filtered");
    expect(performance.now() - begunMs).toBeLessThan(30_000);
  });
});
