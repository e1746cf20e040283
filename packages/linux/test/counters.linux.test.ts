import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { openCounters, openCountersOfProcess } from "../src/counters.ts";
import type { NetworkNamespace } from "../src/network-namespace.ts";
import { applySysctls } from "../src/sysctls.ts";
import { abort, accept, churnOnce, close, connect, listen } from "./fixtures/raw-sockets.ts";
import { makeTwoHosts, TARGET, TARGET6 } from "./fixtures/two-hosts.ts";

const AT = { host: TARGET, port: 80 };

/** All non-zero counters as iproute2's nstat sees them, with our names. */
function readByNstat(namespace: NetworkNamespace): Record<string, number> {
  const { stdout } = namespace.run(() => spawnSync("nstat", ["-asz"], { encoding: "utf8" }));
  const rows = stdout.split("\n").map((line) => line.trim().split(/\s+/));
  return Object.fromEntries(
    rows.map(([name = "", value]) => [
      name.replace(/^TcpExt/, "tcpext.").replace(/^Tcp(?=[A-Z])/, "tcp."),
      Number(value),
    ]),
  );
}

describe("kernel counters of a namespace", () => {
  test("equal those of nstat, every one", async () => {
    using hosts = makeTwoHosts();
    using reader = openCounters(hosts.client);
    const listener = listen(hosts.target, AT);
    for (let index = 0; index < 20; index += 1) {
      churnOnce(hosts.client, { ...AT, listener }, "client");
    }
    connect(hosts.client, { ...AT, port: 81 });
    await expect.poll(() => reader.read().gauges["time_wait"]).toBe(20);
    const { counters } = reader.read();
    const independent = readByNstat(hosts.client);
    const ofTcp = Object.entries(counters).filter(([name]) => !name.startsWith("conntrack."));
    expect(ofTcp).toEqual(ofTcp.map(([name]) => [name, independent[name]]));
    expect(ofTcp.length).toBeGreaterThan(30);
    expect(counters["tcp.ActiveOpens"]).toBe(21);
    expect(counters["tcpext.TW"]).toBe(20);
    expect(counters["tcp.AttemptFails"]).toBe(1);
    close(listener);
  });

  test("show TIME_WAIT on the side that closes first, for IPv4 and IPv6 together", async () => {
    using hosts = makeTwoHosts();
    using client = openCounters(hosts.client);
    using target = openCounters(hosts.target);
    for (const host of [TARGET, TARGET6]) {
      const listener = listen(hosts.target, { host, port: 80 });
      for (let index = 0; index < 5; index += 1) {
        churnOnce(hosts.client, { host, port: 80, listener }, "client");
      }
      churnOnce(hosts.client, { host, port: 80, listener }, "server");
      close(listener);
    }
    await expect.poll(() => client.read().gauges["time_wait"]).toBe(10);
    await expect.poll(() => target.read().gauges["time_wait"]).toBe(2);
  });

  test("show a reset on both ends, and leave no TIME_WAIT", async () => {
    using hosts = makeTwoHosts();
    using client = openCounters(hosts.client);
    using target = openCounters(hosts.target);
    const listener = listen(hosts.target, AT);
    const near = connect(hosts.client, AT);
    const far = accept(listener);
    expect(client.read().gauges["tcp.CurrEstab"]).toBe(1);
    abort(near);
    expect(client.read().counters).toMatchObject({
      "tcp.OutRsts": 1,
      "tcp.EstabResets": 1,
      "tcpext.TCPAbortOnData": 1,
    });
    await expect.poll(() => target.read().counters["tcp.EstabResets"]).toBe(1);
    expect(target.read().counters["tcp.OutRsts"]).toBe(0);
    expect(client.read().gauges["time_wait"]).toBe(0);
    close(far);
    close(listener);
  });

  test("do not move when local ports run out: that shows only as an errno", async () => {
    using hosts = makeTwoHosts();
    applySysctls(hosts.client, {
      "net.ipv4.ip_local_port_range": "40000 40099",
      "net.ipv4.tcp_tw_reuse": "0",
    });
    using reader = openCounters(hosts.client);
    const listener = listen(hosts.target, AT);
    for (let index = 0; index < 100; index += 1) {
      churnOnce(hosts.client, { ...AT, listener }, "client");
    }
    await expect.poll(() => reader.read().gauges["time_wait"]).toBe(100);
    const before = reader.read();
    for (let index = 0; index < 10; index += 1) expect(connect(hosts.client, AT)).toBe(-99);
    expect(reader.read().counters).toEqual(before.counters);
    close(listener);
  });

  test("include connection tracking where the kernel has it, and name nothing absent on this kernel", () => {
    using hosts = makeTwoHosts();
    using reader = openCounters(hosts.client);
    const { gauges, counters } = reader.read();
    const tracked = existsSync("/proc/net/stat/nf_conntrack");
    expect("conntrack" in gauges).toBe(tracked);
    expect("conntrack.drop" in counters).toBe(tracked);
    expect(reader.absent.filter((name) => name in counters)).toEqual([]);
  });

  test("of a process are read by anybody, by its id", async () => {
    using hosts = makeTwoHosts();
    connect(hosts.client, { ...AT, port: 81 });
    const child = hosts.client.run(() => spawn("sleep", ["60"]));
    try {
      using reader = openCountersOfProcess(child.pid ?? 0);
      expect(reader.read().counters["tcp.AttemptFails"]).toBe(1);
    } finally {
      child.kill();
    }
    await once(child, "exit");
    expect(() => openCountersOfProcess(child.pid ?? 0)).toThrow(
      expect.objectContaining({ code: "ENOENT" }),
    );
  });

  test("can be read from any namespace, and end with close", () => {
    using hosts = makeTwoHosts();
    const reader = openCounters(hosts.client);
    expect(hosts.target.run(() => reader.read()).counters["tcp.ActiveOpens"]).toBe(0);
    reader.close();
    reader.close();
    expect(() => reader.read()).toThrow(expect.objectContaining({ code: "EBADF" }));
  });
});
