import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, test } from "vitest";
import { openCounters } from "../src/counters.ts";
import { ResetCapture } from "../src/reset-capture.ts";
import { eventually } from "./fixtures/eventually.ts";
import { abort, accept, close, connect, listen } from "./fixtures/raw-sockets.ts";
import { FLAG, RawTcp } from "./fixtures/raw-tcp.ts";
import {
  CLIENT,
  CLIENT6,
  makeTwoHosts,
  TARGET,
  TARGET6,
  type TwoHosts,
} from "./fixtures/two-hosts.ts";

const CLOSED = { host: TARGET, port: 81 };
const nowMs = (): number => Number(process.hrtime.bigint()) / 1e6;

/** tcpdump in a namespace, stopped after what it has seen is counted. */
async function startTcpdump(hosts: TwoHosts) {
  const filter = "tcp[tcpflags] & tcp-rst != 0";
  const child = hosts.target.run(() =>
    spawn(
      "tcpdump",
      ["-ni", "t0", "--immediate-mode", "-s", "96", "-B", "8192", "-w", "/dev/null", "-U", filter],
      {
        stdio: ["ignore", "ignore", "pipe"],
      },
    ),
  );
  let text = "";
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
  });
  await eventually(() => {
    expect(text).toContain("listening on");
  });
  return {
    /** When it has seen so many, or has had the time for it. */
    async count(expected: number): Promise<{ captured: number; dropped: number }> {
      const last = (what: RegExp): number => Number([...text.matchAll(what)].at(-1)?.[1]);
      const captured = (): number => last(/(\d+) packets? captured/g);
      for (let look = 0; look < 100 && !(captured() >= expected); look++) {
        child.kill("SIGUSR1");
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      child.kill("SIGINT");
      await once(child, "close");
      return { captured: captured(), dropped: last(/(\d+) packets? dropped by kernel/g) };
    },
  };
}

describe("a capture of resets", () => {
  test.each([
    [TARGET, CLIENT],
    [TARGET6, CLIENT6],
  ])("has the addresses, ports, direction and time of each on both sides (%s)", (host, client) => {
    using hosts = makeTwoHosts();
    using near = new ResetCapture(hosts.client);
    using far = new ResetCapture(hosts.target);
    const before = nowMs();
    connect(hosts.client, { host, port: 81 });
    const after = nowMs();
    const [sent] = far.drain();
    expect(sent).toMatchObject({
      direction: "sent",
      source: host,
      sourcePort: 81,
      destination: client,
      sequence: 0,
    });
    expect(sent?.atMs).toBeGreaterThan(before - 1);
    expect(sent?.atMs).toBeLessThan(after + 1);
    const [received] = near.drain();
    expect(received).toEqual({ ...sent, direction: "received", atMs: expect.any(Number) });
    expect([far.counts, near.counts]).toEqual([
      { sent: 1, received: 0 },
      { sent: 0, received: 1 },
    ]);
  });

  test("takes arrivals only, when asked for those only", () => {
    using hosts = makeTwoHosts();
    using near = new ResetCapture(hosts.client, { sent: false });
    using far = new ResetCapture(hosts.target, { sent: false });
    connect(hosts.client, CLOSED);
    near.drain();
    far.drain();
    expect([near.counts, far.counts]).toEqual([
      { sent: 0, received: 1 },
      { sent: 0, received: 0 },
    ]);
  });

  test("takes no other segments", async () => {
    using hosts = makeTwoHosts();
    using capture = new ResetCapture(hosts.client);
    const listener = listen(hosts.target, { host: TARGET, port: 80 });
    for (let index = 0; index < 50; index += 1) {
      const near = connect(hosts.client, { host: TARGET, port: 80 });
      const far = accept(listener);
      close(near);
      close(far);
    }
    abort(connect(hosts.client, { host: TARGET, port: 80 }));
    await eventually(() => {
      capture.drain();
      expect(capture.counts).toEqual({ sent: 1, received: 0 });
    });
    close(listener);
  });

  test("sees resets that TCP itself ignores, and segments that carry more than a reset", async () => {
    using hosts = makeTwoHosts();
    using capture = new ResetCapture(hosts.target);
    using raw = new RawTcp(hosts.client);
    const from = { host: CLIENT, port: 1000 };
    raw.send({ from, to: CLOSED, flags: FLAG.RST, sequence: 5 });
    raw.send({ from, to: CLOSED, flags: FLAG.RST | FLAG.ACK, sequence: 4_000_000_000, data: "x" });
    raw.send({ from, to: CLOSED, flags: FLAG.SYN, sequence: 6 });
    await eventually(() => {
      capture.drain();
      expect(capture.counts).toEqual({ sent: 1, received: 2 });
    });
  });

  test("counts 5000 exactly as tcpdump and the kernel do, and keeps the first in full", async () => {
    using hosts = makeTwoHosts();
    using counters = openCounters(hosts.target);
    using capture = new ResetCapture(hosts.target, { keep: 10 });
    const tcpdump = await startTcpdump(hosts);
    const kept = [];
    for (let index = 0; index < 5000; index += 1) {
      connect(hosts.client, CLOSED);
      if (index % 1000 === 0) kept.push(...capture.drain());
    }
    await eventually(() => {
      kept.push(...capture.drain());
      expect(capture.counts).toEqual({ sent: 5000, received: 0 });
    });
    expect(await tcpdump.count(5000)).toEqual({ captured: 5000, dropped: 0 });
    expect(counters.read().counters["tcp.OutRsts"]).toBe(5000);
    expect(capture.readLost()).toBe(0);
    expect(kept).toHaveLength(10);
  });

  test("says how many it lost when nobody drains: seen and lost add up", async () => {
    using hosts = makeTwoHosts();
    using counters = openCounters(hosts.target);
    using capture = new ResetCapture(hosts.target, { frames: 256 });
    for (let index = 0; index < 1000; index += 1) connect(hosts.client, CLOSED);
    await eventually(() => {
      expect(counters.read().counters["tcp.OutRsts"]).toBe(1000);
    });
    capture.drain();
    expect(capture.counts.sent).toBe(256);
    expect(capture.readLost()).toBe(744);
    expect(capture.readLost()).toBe(744);
    connect(hosts.client, CLOSED);
    capture.drain();
    expect(capture.counts.sent).toBe(257);
  });

  test("sees its own namespace only, and loopback in both directions", () => {
    using hosts = makeTwoHosts();
    using near = new ResetCapture(hosts.client);
    using far = new ResetCapture(hosts.target);
    connect(hosts.target, { host: "127.0.0.1", port: 81 });
    far.drain();
    near.drain();
    expect([near.counts, far.counts]).toEqual([
      { sent: 0, received: 0 },
      { sent: 1, received: 1 },
    ]);
  });
});
