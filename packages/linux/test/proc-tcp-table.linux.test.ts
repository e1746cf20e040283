import { spawn } from "node:child_process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readQueues } from "../src/listen-queues.ts";
import { type DestinationUse, PortCensus } from "../src/port-census.ts";
import { ProcTcpTable } from "../src/proc-tcp-table.ts";
import { SockDiag, type SocketVisitor } from "../src/sock-diag.ts";
import { ALL_TCP_STATES } from "../src/tcp-states.ts";
import { TimeWaitAges } from "../src/time-wait-ages.ts";
import { eventually } from "./fixtures/eventually.ts";
import { accept, churnOnce, connect, listen } from "./fixtures/raw-sockets.ts";
import { makeTwoHosts, TARGET, TARGET6, type TwoHosts } from "./fixtures/two-hosts.ts";

const RANGE = { low: 32_768, high: 60_999 };

let hosts: TwoHosts;
let endResident: () => void;
let pid: number;

beforeAll(() => {
  hosts = makeTwoHosts();
  const resident = hosts.client.run(() => spawn("sleep", ["600"], { stdio: "ignore" }));
  pid = resident.pid ?? 0;
  endResident = () => resident.kill();
  for (const host of [TARGET, TARGET6]) {
    const listener = listen(hosts.target, { host, port: 80 });
    for (let index = 0; index < 30; index++) {
      churnOnce(hosts.client, { host, port: 80, listener }, "client");
    }
    connect(hosts.client, { host, port: 80 });
    accept(listener);
  }
  listen(hosts.client, { host: "127.0.0.1", port: 443 });
  for (let index = 0; index < 3; index++) {
    connect(hosts.client, { host: "127.0.0.1", port: 443 });
  }
});

afterAll(() => {
  endResident();
  hosts[Symbol.dispose]();
});

describe("the sockets in /proc/<pid>/net/tcp", () => {
  test("are those that sock_diag tells, with the same ports, addresses and states", async () => {
    using diag = new SockDiag(hosts.client);
    await eventually(() => {
      const [seen, expected] = [new ProcTcpTable(pid), diag].map((table) => {
        const census = new PortCensus(RANGE);
        census.setListeningPorts([443]);
        table.dump(ALL_TCP_STATES, census);
        return { states: census.states(), busiest: census.busiest(10).toSorted(byDestination) };
      });
      expect(seen).toEqual(expected);
      expect(expected?.states).toMatchObject({ TIME_WAIT: 60, LISTEN: 1 });
      expect(expected?.busiest).toHaveLength(3);
    });
  });

  test("have accept queues of the same depth, and no limit", () => {
    using diag = new SockDiag(hosts.client);
    const [expected] = readQueues(diag).listeners;
    const [seen] = readQueues(new ProcTcpTable(pid)).listeners;
    expect(expected).toMatchObject({ port: 443, depth: 3, limit: 4096 });
    expect(seen).toEqual({ ...expected, limit: 0 });
  });

  test("have the same time left in TIME_WAIT", () => {
    using diag = new SockDiag(hosts.client);
    const [seen, expected] = [new ProcTcpTable(pid), diag].map((table) => {
      const ages = new TimeWaitAges(RANGE);
      table.dump(ALL_TCP_STATES, ages);
      return meanOf(ages.total());
    });
    // A second may have begun between the two.
    expect(Math.abs((seen ?? 0) - (expected ?? 99))).toBeLessThanOrEqual(1);
  });

  test("are no more once the process is gone", () => {
    const table = new ProcTcpTable(2 ** 22 + 1);
    const ignore: SocketVisitor = { begin() {}, visit() {} };
    expect(() => table.dump(ALL_TCP_STATES, ignore)).toThrow(/ENOENT/);
  });
});

describe("the ages of TIME_WAIT", () => {
  test("count every socket once, the young ones at 59 s, and destinations apart", () => {
    using fresh = makeTwoHosts();
    const listener = listen(fresh.target, { host: TARGET, port: 80 });
    const listener6 = listen(fresh.target, { host: TARGET6, port: 80 });
    for (let index = 0; index < 20; index++) {
      churnOnce(fresh.client, { host: TARGET, port: 80, listener }, "client");
      if (index % 2 === 0) {
        churnOnce(fresh.client, { host: TARGET6, port: 80, listener: listener6 }, "client");
      }
    }
    using diag = new SockDiag(fresh.client);
    const census = new PortCensus(RANGE);
    diag.dump(ALL_TCP_STATES, census);
    const destinations = census.busiest(10);
    const ages = new TimeWaitAges(RANGE);
    diag.dump(ALL_TCP_STATES, ages);
    expect(sum(ages.total())).toBe(30);
    expect(ages.ofDestinations(destinations).map(sum)).toEqual([20, 10]);
    const elsewhere = { source: TARGET, destination: TARGET, destinationPort: 80 };
    expect(ages.ofDestinations([elsewhere]).map(sum)).toEqual([0]);
    const outside = new TimeWaitAges({ low: 1, high: 1023 });
    diag.dump(ALL_TCP_STATES, outside);
    expect([sum(outside.total()), ...outside.ofDestinations(destinations).map(sum)]).toEqual([
      30, 0, 0,
    ]);
    // Made in the last seconds: all near the end of the minute.
    expect(sum(ages.total().slice(50))).toBe(30);
  });
});

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

function meanOf(counts: readonly number[]): number {
  return counts.reduce((total, count, second) => total + count * second, 0) / sum(counts);
}

function byDestination(a: DestinationUse, b: DestinationUse): number {
  return a.destination.localeCompare(b.destination);
}
