import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { SystemError } from "../src/index.ts";
import { createNetworkNamespace, type NetworkNamespace } from "../src/network-namespace.ts";
import { joinByBridge, joinByVeth, leaveBridge, makeBridge } from "../src/veth.ts";
import { accept, close, connect, listen, receive, send } from "./fixtures/raw-sockets.ts";
import { CLIENT, CLIENT6, makeTwoHosts, TARGET, TARGET6 } from "./fixtures/two-hosts.ts";

function exchange(
  client: NetworkNamespace,
  target: NetworkNamespace,
  host: string,
): string | number {
  const listener = listen(target, { host: host, port: 80 });
  const near = connect(client, { host: host, port: 80 });
  const far = accept(listener);
  send(near, "ping");
  const received = receive(far);
  for (const fd of [near, far, listener]) close(fd);
  return received;
}

function deviceNames(namespace: NetworkNamespace): string[] {
  return namespace
    .run(() => readFileSync("/proc/thread-self/net/dev", "utf8"))
    .split("\n")
    .filter((line) => line.includes(":"))
    .map((line) => line.split(":")[0]?.trim() ?? "")
    .toSorted();
}

describe("two hosts joined by a veth pair", () => {
  test.each([TARGET, TARGET6])("reach each other at %s", (host) => {
    using hosts = makeTwoHosts();
    expect(exchange(hosts.client, hosts.target, host)).toBe("ping");
  });

  test.each([CLIENT, CLIENT6])("reach each other in the other direction at %s", (host) => {
    using hosts = makeTwoHosts();
    expect(exchange(hosts.target, hosts.client, host)).toBe("ping");
  });

  test.each([TARGET, TARGET6])(
    "can connect to %s at once: no first packet waits for a second try",
    (host) => {
      for (let round = 0; round < 30; round += 1) {
        using hosts = makeTwoHosts();
        const listener = listen(hosts.target, { host: host, port: 8080 });
        close(connect(hosts.client, { host: host, port: 8080 }));
        close(listener);
        expect(retransmits(hosts.client)).toBe(0);
      }
    },
  );

  test("have loopback up", () => {
    using hosts = makeTwoHosts();
    expect(exchange(hosts.client, hosts.client, "127.0.0.1")).toBe("ping");
  });

  test("take the mtu that is asked for", () => {
    using left = createNetworkNamespace();
    using right = createNetworkNamespace();
    joinByVeth({
      left: { namespace: left, device: "c0", addresses: [CLIENT] },
      right: { namespace: right, device: "t0", addresses: [TARGET] },
      mtu: 9000,
    });
    for (const [namespace, device] of [
      [left, "c0"],
      [right, "t0"],
    ] as const) {
      const mtu = namespace.run(() =>
        readFileSync(`/proc/sys/net/ipv6/conf/${device}/mtu`, "utf8"),
      );
      expect(mtu.trim()).toBe("9000");
    }
  });
});

test("many clients share one target, which has one address on all their devices", () => {
  using target = createNetworkNamespace();
  const clients = Array.from({ length: 8 }, () => createNetworkNamespace());
  for (const [index, namespace] of clients.entries()) {
    joinByVeth({
      left: {
        namespace,
        device: "c0",
        addresses: [`198.18.1.${index + 1}`, `2001:2::1:${index + 1}`],
      },
      right: { namespace: target, device: `t${index}`, addresses: [TARGET, TARGET6] },
    });
  }
  for (const client of clients) {
    expect(exchange(client, target, TARGET)).toBe("ping");
    expect(exchange(client, target, TARGET6)).toBe("ping");
  }
  for (const client of clients) client.close();
});

test("a host that is joined reaches its own loopback too", () => {
  using namespace = createNetworkNamespace();
  expect(connect(namespace, { host: "127.0.0.1", port: 80 })).toBe(-101);
  using hosts = makeTwoHosts();
  for (const host of [hosts.client, hosts.target]) {
    expect(connect(host, { host: "127.0.0.1", port: 80 })).toBe(-111);
  }
});

test("a device name that is taken or too long is refused with the kernel's reason", () => {
  using hosts = makeTwoHosts();
  const ends = (device: string) => ({
    left: { namespace: hosts.client, device, addresses: [] },
    right: { namespace: hosts.target, device: "t1", addresses: [] },
  });
  expect(() => joinByVeth(ends("c0"))).toThrow(expect.objectContaining({ code: "EEXIST" }));
  expect(() => joinByVeth(ends("sixteen-letters-"))).toThrow(SystemError);
  expect(() => joinByVeth(ends("sixteen-letters-"))).toThrow(/too long|ERANGE|EINVAL/);
});

test("SIGKILL of the owner removes namespaces and cables: the peer in another namespace disappears", async () => {
  using witness = createNetworkNamespace();
  const child = spawn(
    process.execPath,
    [
      "--conditions=@churnlab/source",
      new URL("fixtures/namespace-owner.ts", import.meta.url).pathname,
      `/proc/${process.pid}/fd/${witness.fd}`,
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  await new Promise((resolve) => child.stdout.once("data", resolve));
  expect(deviceNames(witness)).toEqual(["lo", "witness0"]);
  child.kill("SIGKILL");
  await new Promise((resolve) => child.once("exit", resolve));
  await expect.poll(() => deviceNames(witness), { timeout: 10_000 }).toEqual(["lo"]);
});

function retransmits(namespace: NetworkNamespace): number {
  const [names, values] = namespace
    .run(() => readFileSync("/proc/thread-self/net/snmp", "utf8"))
    .split("\n")
    .filter((line) => line.startsWith("Tcp:"))
    .map((line) => line.split(" "));
  return Number(values?.[names?.indexOf("RetransSegs") ?? -1]);
}

describe("a bridge that is made on a device", () => {
  test("carries the packets of hosts that are joined to it to what the device reaches", () => {
    using links = makeTwoHosts();
    using left = createNetworkNamespace();
    using right = createNetworkNamespace();
    const addresses = ["198.18.7.1", "198.18.7.2"] as const;
    const ends = [
      {
        carrier: links.client,
        port: "c0",
        namespace: left,
        address: addresses[0],
        peer: addresses[1],
      },
      {
        carrier: links.target,
        port: "t0",
        namespace: right,
        address: addresses[1],
        peer: addresses[0],
      },
    ];
    for (const { carrier, port, namespace, address, peer } of ends) {
      makeBridge(carrier, { device: "load0", port });
      joinByBridge({
        bridge: { namespace: carrier, device: "load0", port: "cable" },
        host: { namespace, device: "c0", addresses: [address] },
        peers: [peer],
      });
    }
    expect(exchange(left, right, addresses[1])).toBe("ping");
  });
});

describe("a host that leaves its bridge", () => {
  test("is off it at once, though a socket that nobody answers keeps its namespace", async () => {
    using carrier = makeTwoHosts();
    makeBridge(carrier.client, { device: "load0", port: "c0" });
    const join = (namespace: NetworkNamespace, own: string, other: string): void =>
      joinByBridge({
        bridge: { namespace: carrier.client, device: "load0", port: `port${own.at(-1)}` },
        host: { namespace, device: "c0", addresses: [own] },
        peers: [other],
      });
    const [left, right] = [createNetworkNamespace(), createNetworkNamespace()];
    join(left, "198.18.7.1", "198.18.7.2");
    join(right, "198.18.7.2", "198.18.7.1");
    const ports = (): string[] =>
      deviceNames(carrier.client).filter((name) => name.startsWith("port"));
    const listener = listen(right, { host: "198.18.7.2", port: 80 });
    const near = connect(left, { host: "198.18.7.2", port: 80 });
    const far = accept(listener);
    leaveBridge({ namespace: carrier.client, port: "port2" });
    expect(ports()).toEqual(["port1"]);
    send(near, "is anybody there?");
    for (const fd of [near, far, listener]) close(fd);
    left[Symbol.dispose]();
    right[Symbol.dispose]();
    await sleep(500); // what vanishes with its namespace vanishes a moment later
    expect(ports()).toEqual(["port1"]);
    for (const _ of [1, 2]) leaveBridge({ namespace: carrier.client, port: "port1" });
    expect(ports()).toEqual([]);
  });
});
