import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { readQueues } from "../src/listen-queues.ts";
import { NETLINK, NetlinkSocket } from "../src/netlink.ts";
import type { NetworkNamespace } from "../src/network-namespace.ts";
import { PortCensus } from "../src/port-census.ts";
import { readPortRange } from "../src/port-range.ts";
import { SockDiag } from "../src/sock-diag.ts";
import { applySysctls } from "../src/sysctls.ts";
import { ALL_TCP_STATES } from "../src/tcp-states.ts";
import { eventually } from "./fixtures/eventually.ts";
import {
  accept,
  churnOnce,
  close,
  connect,
  listen,
  receive,
  shutdown,
  startConnect,
} from "./fixtures/raw-sockets.ts";
import { CLIENT, CLIENT6, makeTwoHosts, TARGET, TARGET6 } from "./fixtures/two-hosts.ts";

const AT = { host: TARGET, port: 80 };

function countBySs(namespace: NetworkNamespace, filter: string): number {
  const command = `ss -Htan ${filter} | wc -l`;
  const { stdout } = namespace.run(() => spawnSync("sh", ["-c", command], { encoding: "utf8" }));
  return Number(stdout);
}

function takeCensus(namespace: NetworkNamespace): PortCensus {
  using diag = new SockDiag(namespace);
  const census = new PortCensus(readPortRange(namespace));
  census.setListeningPorts(readQueues(diag).listeners.map(({ port }) => port));
  diag.dump(ALL_TCP_STATES, census);
  return census;
}

function churn(
  from: NetworkNamespace,
  to: NetworkNamespace,
  { host = TARGET, port = 80, times = 1 },
): void {
  // On a busy machine an ACK and a FIN overtake each other, and the reset that follows would end a TIME_WAIT (RFC 1337).
  applySysctls(from, { "net.ipv4.tcp_rfc1337": "1" });
  const listener = listen(to, { host, port });
  for (let index = 0; index < times; index += 1) {
    churnOnce(from, { host, port, listener }, "client");
  }
  close(listener);
}

describe("a census of sockets", () => {
  test("counts TIME_WAIT as ss does, IPv4 and IPv6 together", async () => {
    using hosts = makeTwoHosts();
    churn(hosts.client, hosts.target, { times: 300 });
    churn(hosts.client, hosts.target, { host: TARGET6, port: 81, times: 200 });
    await eventually(() => {
      expect(takeCensus(hosts.client).states()).toEqual({ TIME_WAIT: 500 });
    });
    expect(countBySs(hosts.client, "state time-wait")).toBe(500);
  });

  test("counts the sockets of its own namespace only", async () => {
    using hosts = makeTwoHosts();
    churn(hosts.client, hosts.target, { times: 10 });
    await eventually(() => {
      expect(takeCensus(hosts.target).states()).toEqual({});
    });
  });

  test("keeps destinations apart by address and by port, with the ports used towards each", async () => {
    using hosts = makeTwoHosts();
    churn(hosts.client, hosts.target, { times: 30 });
    churn(hosts.client, hosts.target, { port: 81, times: 20 });
    churn(hosts.client, hosts.target, { host: TARGET6, times: 10 });
    await eventually(() => {
      expect(takeCensus(hosts.client).states()).toEqual({ TIME_WAIT: 60 });
    });
    const census = takeCensus(hosts.client);
    expect(census.busiest(10)).toEqual([
      {
        source: CLIENT,
        destination: TARGET,
        destinationPort: 80,
        ports: 30,
        states: { TIME_WAIT: 30 },
      },
      {
        source: CLIENT,
        destination: TARGET,
        destinationPort: 81,
        ports: 20,
        states: { TIME_WAIT: 20 },
      },
      {
        source: CLIENT6,
        destination: TARGET6,
        destinationPort: 80,
        ports: 10,
        states: { TIME_WAIT: 10 },
      },
    ]);
    const usedBySs = [`${TARGET}:80`, `${TARGET}:81`, `[${TARGET6}]:80`].map((end) =>
      countBySs(hosts.client, `dst ${end}`),
    );
    expect(usedBySs).toEqual(census.busiest(10).map(({ ports }) => ports));
    expect(census.busiest(1)).toHaveLength(1);
    expect(census.busiest(1)[0]?.ports).toBe(30);
    expect(census.omitted).toBe(0);
  });

  test("sees a range of 100 ports used up by exactly 100 connections", () => {
    using hosts = makeTwoHosts();
    applySysctls(hosts.client, {
      "net.ipv4.ip_local_port_range": "40000 40109",
      "net.ipv4.ip_local_reserved_ports": "40010-40018,40100",
      "net.ipv4.tcp_tw_reuse": "0",
    });
    churn(hosts.client, hosts.target, { times: 100 });
    const range = readPortRange(hosts.client);
    expect(range).toEqual({ low: 40_000, high: 40_109, usable: 100 });
    expect(takeCensus(hosts.client).busiest(1)[0]?.ports).toBe(100);
    expect(connect(hosts.client, AT)).toBe(-99);
  });

  test("counts a server's connections as no use of local ports, in or out of the range", () => {
    using hosts = makeTwoHosts();
    for (const port of [80, 40_000]) {
      const listener = listen(hosts.target, { host: TARGET, port });
      const near = connect(hosts.client, { host: TARGET, port });
      const census = takeCensus(hosts.target);
      expect(census.states()).toEqual({ ESTABLISHED: 1, LISTEN: 1 });
      expect(census.portsUsed).toBe(0);
      expect(takeCensus(hosts.client).portsUsed).toBe(1);
      close(near);
      close(listener);
    }
  });

  test("names each state a connection goes through", async () => {
    using hosts = makeTwoHosts();
    const listener = listen(hosts.target, AT);
    const near = connect(hosts.client, AT);
    const far = accept(listener);
    shutdown(near, 1);
    await eventually(() => {
      expect(takeCensus(hosts.client).states()).toEqual({ FIN_WAIT2: 1 });
      expect(takeCensus(hosts.target).states()).toEqual({ CLOSE_WAIT: 1, LISTEN: 1 });
    });
    close(far);
    expect(receive(near)).toBe("");
    close(near);
    await eventually(() => {
      expect(takeCensus(hosts.client).states()).toEqual({ TIME_WAIT: 1 });
    });
    const lost = startConnect(hosts.client, { host: "198.18.0.99", port: 80 });
    const refused = startConnect(hosts.target, { host: CLIENT, port: 80 });
    expect(takeCensus(hosts.target).states()).toEqual({ LISTEN: 1 });
    for (const fd of [lost, refused, listener]) close(fd);
  });
});

describe("a dump", () => {
  test("that a visitor breaks leaves nothing behind for the next one", async () => {
    using hosts = makeTwoHosts();
    churn(hosts.client, hosts.target, { times: 2000 });
    using diag = new SockDiag(hosts.client);
    const broken = {
      begin() {},
      visit() {
        throw new Error("visitor failed");
      },
    };
    expect(() => diag.dump(ALL_TCP_STATES, broken)).toThrow("visitor failed");
    const census = new PortCensus(readPortRange(hosts.client));
    await eventually(() => {
      diag.dump(ALL_TCP_STATES, census);
      expect(census.states()).toEqual({ TIME_WAIT: 2000 });
    });
  });
});

test("a closed netlink socket touches its descriptor no more: it may be another file's", () => {
  const socket = new NetlinkSocket(NETLINK.SOCK_DIAG);
  socket.close();
  expect(() => socket.send()).toThrow(expect.objectContaining({ code: "EBADF" }));
  expect(() => socket.receive()).toThrow(expect.objectContaining({ code: "EBADF" }));
});

describe("queues of a listener", () => {
  test("show the backlog and how many wait for accept: the kernel lets one more than the backlog wait", async () => {
    using hosts = makeTwoHosts();
    const listener = listen(hosts.target, AT, 5);
    const connections = Array.from({ length: 6 }, () => connect(hosts.client, AT));
    using diag = new SockDiag(hosts.target);
    expect(readQueues(diag).listeners).toEqual([
      { address: TARGET, port: 80, depth: 6, limit: 5, synReceived: null },
    ]);
    close(accept(listener));
    expect(readQueues(diag).listeners[0]?.depth).toBe(5);
    for (const fd of [...connections, listener]) close(fd);
  });

  test("are capped by somaxconn", () => {
    using hosts = makeTwoHosts();
    applySysctls(hosts.target, { "net.core.somaxconn": "3" });
    const listener = listen(hosts.target, { host: TARGET6, port: 443 }, 128);
    using diag = new SockDiag(hosts.target);
    expect(readQueues(diag)).toEqual({
      listeners: [{ address: TARGET6, port: 443, depth: 0, limit: 3, synReceived: null }],
      synReceived: null,
    });
    close(listener);
  });

  test("count handshakes in SYN_RECV on request: here the answers go to a wrong hardware address", async () => {
    using hosts = makeTwoHosts();
    const listener = listen(hosts.target, { ...AT, host: "0.0.0.0" });
    const idle = listen(hosts.target, { ...AT, port: 81 });
    const nowhere = ["neigh", "replace", CLIENT, "lladdr", "02:00:00:00:00:99", "dev", "t0"];
    hosts.target.run(() => spawnSync("ip", [...nowhere, "nud", "permanent"]));
    const waiting = Array.from({ length: 7 }, () => startConnect(hosts.client, AT));
    using diag = new SockDiag(hosts.target);
    await eventually(() => {
      const { listeners, synReceived } = readQueues(diag, { countSynReceived: true });
      expect(synReceived).toBe(7);
      // The kernel gives them in the order of a hash, which differs from namespace to namespace.
      expect(listeners.toSorted((a, b) => a.port - b.port)).toMatchObject([
        { port: 80, synReceived: 7 },
        { port: 81, synReceived: 0 },
      ]);
    });
    expect(countBySs(hosts.target, "state syn-recv")).toBe(7);
    expect(takeCensus(hosts.client).states()).toEqual({ SYN_SENT: 7 });
    for (const fd of [...waiting, listener, idle]) close(fd);
  });
});
