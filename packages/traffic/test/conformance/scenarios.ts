import { setTimeout as sleep } from "node:timers/promises";
import { arrivalTimes, countHistogram, type ShardReport, type Workload } from "@churnlab/core";
import { expect } from "vitest";
import { drawRequests } from "../../src/requests.ts";
import { aWorkload, closed, open } from "../fixtures/a-workload.ts";
import {
  expectTimeWait,
  type RunOptions,
  type World,
  type WorldOptions,
} from "../fixtures/world.ts";

const HUNDRED_PORTS = {
  "net.ipv4.ip_local_port_range": "40000 40099",
  "net.ipv4.tcp_tw_reuse": "0",
};

export interface Scenario {
  readonly behaviour: string;
  readonly workload: Partial<Workload>;
  readonly world?: WorldOptions;
  readonly options?: RunOptions;
  check(this: void, report: ShardReport, world: World): void | Promise<void>;
}

/** What every engine has to do, and what the kernels have to show for it. */
export const scenarios: readonly Scenario[] = [
  {
    behaviour:
      "100 ports carry exactly 100 connections, and every other attempt is EADDRNOTAVAIL at connect",
    // Slowly: of what a late thread begins all at once, it has not looked at the ports in use in between.
    workload: { arrival: open(300, { limit: 300 }) },
    world: { client: HUNDRED_PORTS },
    async check({ tally, failures, events }, world) {
      expect(tally.connections).toMatchObject({
        intended: 300,
        succeeded: 100,
        failed: 200,
        dropped: 0,
      });
      expect(failures).toMatchObject([{ step: "connect", errno: "EADDRNOTAVAIL", count: 200 }]);
      const table = events.find(({ kind }) => kind === "connect-by-port-use");
      const rows = (table?.detail["rows"] ?? []) as [percent: number, count: number][];
      expect(rows.reduce((total, [, count]) => total + count, 0)).toBe(100);
      await expectTimeWait(world, { client: 100, target: 0 });
    },
  },
  {
    behaviour: "a connect() counts by the ports in use when it began, and at that time",
    workload: {
      arrival: open(200, { limit: 90 }),
      timeouts: { connectMs: 10_000, responseMs: 2000 },
    },
    world: { client: HUNDRED_PORTS },
    options: {
      before: (world) => world.loseSyns(),
      async during({ shard, world }) {
        const begun = { attempted: 90, established: 0 };
        await expect.poll(() => shard.live(), { timeout: 5000 }).toMatchObject(begun);
        world.hearSyns();
      },
    },
    check({ tally, events, elapsedMs }) {
      expect(tally.connections).toMatchObject({ established: 90, succeeded: 90 });
      const table = events.find(({ kind }) => kind === "connect-by-port-use");
      const rows = (table?.detail["rows"] ?? []) as [percent: number, count: number][];
      expect(rows.reduce((total, [, count]) => total + count, 0)).toBe(90);
      // When the last began there were 89; when the first was established, a second later, all 90.
      expect(rows.at(-1)?.[0]).toBeLessThan(90);
      expect(table?.tMs).toBeLessThanOrEqual(elapsedMs - 1000);
    },
  },
  {
    behaviour:
      "where the server closes first, the client has no TIME_WAIT and never runs out of ports",
    workload: { closer: "server", arrival: closed(4, { limit: 300 }) },
    world: { client: HUNDRED_PORTS },
    async check({ tally }, world) {
      expect(tally.connections).toMatchObject({ succeeded: 300, failed: 0 });
      await expectTimeWait(world, { client: 0 });
      expect(world.timeWait().target).toBeGreaterThan(0);
    },
  },
  {
    behaviour: "a client that resets leaves no TIME_WAIT, and sends one reset per connection",
    workload: { close: "rst", arrival: closed(4, { limit: 300 }) },
    world: { client: HUNDRED_PORTS },
    async check({ tally }, world) {
      expect(tally.connections).toMatchObject({ succeeded: 300, failed: 0 });
      await expectTimeWait(world, { client: 0, target: 0 });
      expect(world.resetsSent()).toEqual({ client: 300, target: 0 });
    },
  },
  {
    behaviour:
      "a server that resets leaves no TIME_WAIT, and the client takes the reset for the close",
    workload: { closer: "server", close: "rst", arrival: open(500, { limit: 200 }) },
    async check({ tally }, world) {
      expect(tally.connections).toMatchObject({ succeeded: 200, failed: 0 });
      await expectTimeWait(world, { client: 0, target: 0 });
      expect(world.resetsSent()).toEqual({ client: 0, target: 200 });
    },
  },
  {
    behaviour: "a half close waits for the server's FIN, and the client holds TIME_WAIT",
    workload: { close: "half", arrival: open(500, { limit: 50 }) },
    async check({ tally }, world) {
      expect(tally.connections).toMatchObject({ succeeded: 50, failed: 0 });
      await expectTimeWait(world, { client: 50, target: 0 });
      expect(world.resetsSent()).toEqual({ client: 0, target: 0 });
    },
  },
  {
    behaviour: "keep-alive carries 200 requests on one connection",
    workload: {
      kind: "keep-alive",
      requestsPerConnection: "unlimited",
      arrival: closed(1, { limit: 200 }),
    },
    async check({ tally, histograms }, world) {
      expect(tally.connections).toMatchObject({ attempted: 1, established: 1, succeeded: 1 });
      expect(tally.requests).toMatchObject({ intended: 200, succeeded: 200, failed: 0 });
      expect(countsOf(histograms)).toEqual({
        schedule: 0,
        connect: 1,
        first_byte: 200,
        request: 200,
        total: 200,
      });
      await expectTimeWait(world, { client: 1, target: 0 });
    },
  },
  {
    behaviour: "keep-alive opens a new connection after so many requests",
    workload: { kind: "keep-alive", requestsPerConnection: 7, arrival: closed(1, { limit: 70 }) },
    check({ tally }) {
      expect(tally.connections).toMatchObject({ succeeded: 10, failed: 0 });
      expect(tally.requests).toMatchObject({ succeeded: 70, failed: 0 });
    },
  },
  {
    behaviour: "a server asked to close after the last of three requests does",
    workload: {
      kind: "keep-alive",
      closer: "server",
      requestsPerConnection: 3,
      arrival: closed(1, { limit: 30 }),
    },
    async check({ tally }, world) {
      expect(tally.connections).toMatchObject({ succeeded: 10, failed: 0 });
      await expectTimeWait(world, { client: 0 });
    },
  },
  {
    behaviour: "connections draw their number of requests from the range, from the seed alone",
    workload: { requestsPerConnection: { from: 2, to: 5 }, arrival: open(500, { limit: 40 }) },
    options: { seed: 7 },
    check({ tally }) {
      const draw = drawRequests(aWorkload({ requestsPerConnection: { from: 2, to: 5 } }), 7);
      const drawn = Array.from({ length: 40 }, draw).reduce((sum, count) => sum + count, 0);
      expect(tally.connections.succeeded).toBe(40);
      expect(tally.requests).toMatchObject({ succeeded: drawn, failed: 0 });
    },
  },
  {
    behaviour: "10 connections on 4 workers are 10",
    workload: { arrival: closed(10, { limit: 10 }) },
    options: { workers: 4 },
    async check({ tally, histograms }, world) {
      expect(tally.connections).toMatchObject({ intended: 10, attempted: 10, succeeded: 10 });
      expect(countsOf(histograms)).toEqual({
        schedule: 0,
        connect: 10,
        first_byte: 10,
        request: 10,
        total: 10,
      });
      await expectTimeWait(world, { client: 10, target: 0 });
    },
  },
  {
    behaviour: "two workers in two namespaces offer one Poisson schedule, every arrival once",
    workload: { sources: 2, arrival: open(400, { shape: "poisson" }) },
    world: { sources: 2 },
    options: { workers: 2, seed: 3, phases: { measureMs: 500 } },
    async check({ tally, histograms }, world) {
      const arrival = open(400, { shape: "poisson" });
      const arrivals = arrival.model === "open" ? [...arrivalTimes(arrival, 500, 3)].length : 0;
      expect(tally.connections).toMatchObject({ intended: arrivals, succeeded: arrivals });
      expect(countsOf(histograms)["schedule"]).toBe(arrivals);
      await expectTimeWait(world, { client: arrivals, target: 0 });
    },
  },
  {
    behaviour: "two sources of 100 ports each carry exactly 200 connections, without any bind",
    workload: { sources: 2, arrival: open(1000, { limit: 300 }) },
    world: { sources: 2, client: HUNDRED_PORTS },
    options: { workers: 2 },
    async check({ tally, failures }, world) {
      expect(tally.connections).toMatchObject({ intended: 300, succeeded: 200, failed: 100 });
      expect(failures).toMatchObject([{ step: "connect", errno: "EADDRNOTAVAIL", count: 100 }]);
      await expectTimeWait(world, { client: 200, target: 0 });
    },
  },
  {
    behaviour: "a ramp from 100/s to 300/s offers 200 connections in a second",
    workload: { arrival: open(100, { shape: "ramp", toPerS: 300 }) },
    options: { workers: 2 },
    async check({ tally, histograms }, world) {
      expect(tally.connections).toMatchObject({ intended: 200, succeeded: 200, dropped: 0 });
      expect(countsOf(histograms)["schedule"]).toBe(200);
      await expectTimeWait(world, { client: 200, target: 0 });
    },
  },
  {
    behaviour: "three steps from 100/s to 300/s offer 20, 40 and 60 connections in 200 ms each",
    workload: { arrival: open(100, { shape: "step", toPerS: 300, steps: 3 }) },
    options: { workers: 2, phases: { measureMs: 600 } },
    async check({ tally }, world) {
      expect(tally.connections).toMatchObject({ intended: 120, succeeded: 120, dropped: 0 });
      await expectTimeWait(world, { client: 120, target: 0 });
    },
  },
  {
    behaviour: "what is begun in the warm-up is counted there",
    workload: { arrival: open(200, { limit: 50 }) },
    options: { phases: { warmUpMs: 300, measureMs: 500 } },
    async check({ tally, warmUp, histograms }, world) {
      expect(warmUp.connections).toMatchObject({ intended: 60, succeeded: 60 });
      expect(tally.connections).toMatchObject({ intended: 50, succeeded: 50 });
      expect(countsOf(histograms)["total"]).toBe(50);
      await expectTimeWait(world, { client: 110, target: 0 });
    },
  },
  {
    behaviour: "hold keeps its connections open until the end and then closes them",
    workload: { kind: "hold", arrival: closed(50) },
    // Fifty closes at once on two processors: the target's ACK and FIN can overtake each other on the cable. A TIME_WAIT
    // answers the late ACK, the listener resets the answer, and the reset would end the TIME_WAIT (RFC 1337).
    world: { client: { "net.ipv4.tcp_rfc1337": "1" } },
    options: {
      phases: { measureMs: 1200 },
      async during({ shard }) {
        await sleep(100);
        const held = { open: 50, established: 50, succeeded: 0 };
        await expect.poll(() => shard.live(), { interval: 10 }).toMatchObject(held);
      },
    },
    async check({ tally, elapsedMs }, world) {
      expect(tally.connections).toMatchObject({ attempted: 50, succeeded: 50, failed: 0 });
      expect(tally.requests.attempted).toBe(0);
      expect(elapsedMs).toBeGreaterThanOrEqual(1190);
      await expectTimeWait(world, { client: 50, target: 0 });
    },
  },
  {
    behaviour: "a held connection ends with its lifetime, and its slot opens another",
    workload: { kind: "hold", lifetimeMs: 200, arrival: closed(5, { limit: 15 }) },
    options: { phases: { measureMs: 2000 } },
    check({ tally }) {
      expect(tally.connections).toMatchObject({ attempted: 15, succeeded: 15, failed: 0 });
    },
  },
  {
    behaviour: "a connection thinks between an answer and its next request",
    workload: {
      kind: "keep-alive",
      requestsPerConnection: "unlimited",
      thinkMs: 100,
      arrival: closed(1),
    },
    options: { phases: { measureMs: 1000 } },
    check({ tally }) {
      expect(tally.connections).toMatchObject({ attempted: 1, succeeded: 1 });
      expect(tally.requests.succeeded).toBeLessThanOrEqual(10);
      expect(tally.requests.succeeded).toBeGreaterThanOrEqual(2);
    },
  },
  {
    behaviour: "a keep-alive connection older than its lifetime is closed after its request",
    workload: {
      kind: "keep-alive",
      requestsPerConnection: "unlimited",
      lifetimeMs: 0,
      arrival: closed(1, { limit: 20 }),
    },
    check({ tally }) {
      expect(tally.connections).toMatchObject({ attempted: 20, succeeded: 20 });
      expect(tally.requests).toMatchObject({ attempted: 20, succeeded: 20 });
    },
  },
  {
    behaviour:
      "a connection in use ends with the first request after its lifetime, and another follows",
    workload: {
      kind: "keep-alive",
      requestsPerConnection: "unlimited",
      lifetimeMs: 200,
      thinkMs: 20,
      arrival: closed(1),
    },
    options: { phases: { measureMs: 1500 } },
    check({ tally }) {
      // Each lives 200 ms and up to a turn more, and carries several requests.
      expect(tally.connections.attempted).toBeGreaterThanOrEqual(2);
      expect(tally.connections.attempted).toBeLessThanOrEqual(1 + 1500 / 200);
      expect(tally.connections.failed).toBe(0);
      expect(tally.requests.succeeded).toBeGreaterThan(tally.connections.attempted);
    },
  },
  {
    behaviour: "an open loop carries requests on idle connections",
    workload: { kind: "keep-alive", requestsPerConnection: "unlimited", arrival: open(100) },
    options: { phases: { measureMs: 500 } },
    check({ tally }) {
      expect(tally.requests).toMatchObject({ intended: 50, succeeded: 50, dropped: 0 });
      expect(tally.connections.attempted).toBeLessThan(50);
      expect(tally.connections.succeeded).toBe(tally.connections.attempted);
    },
  },
  {
    behaviour: "raw bytes go out and come back unframed",
    workload: {
      protocol: "raw",
      closer: "server",
      requestBytes: 100,
      responseBytes: 100_000,
      requestsPerConnection: 2,
      arrival: closed(4, { limit: 40 }),
    },
    async check({ tally }, world) {
      expect(tally.connections).toMatchObject({ succeeded: 40, failed: 0 });
      expect(tally.requests).toMatchObject({ succeeded: 80, failed: 0 });
      await expectTimeWait(world, { client: 0 });
    },
  },
  {
    behaviour: "large bodies both ways arrive whole",
    workload: {
      requestBytes: 300_000,
      responseBytes: 1_000_000,
      arrival: closed(2, { limit: 6 }),
    },
    check({ tally }) {
      expect(tally.requests).toMatchObject({ succeeded: 6, failed: 0 });
      expect(tally.connections).toMatchObject({ succeeded: 6, failed: 0 });
    },
  },
  {
    behaviour: "IPv6 works like IPv4",
    workload: { arrival: closed(4, { limit: 40 }) },
    options: { ipv6: true },
    async check({ tally }, world) {
      expect(tally.connections).toMatchObject({ succeeded: 40, failed: 0 });
      await expectTimeWait(world, { client: 40, target: 0 });
    },
  },
  {
    behaviour: "a bound address takes ports for itself: EADDRINUSE at bind when they are used up",
    workload: { bind: "address", arrival: open(1000, { limit: 150 }) },
    world: { client: HUNDRED_PORTS },
    check({ tally, failures }) {
      expect(tally.connections).toMatchObject({ succeeded: 100, failed: 50 });
      expect(failures).toMatchObject([{ step: "bind", errno: "EADDRINUSE", count: 50 }]);
    },
  },
  {
    behaviour: "an address bound without a port exhausts like none: EADDRNOTAVAIL at connect",
    workload: { bind: "address-no-port", arrival: open(1000, { limit: 150 }) },
    world: { client: HUNDRED_PORTS },
    check({ tally, failures }) {
      expect(tally.connections).toMatchObject({ succeeded: 100, failed: 50 });
      expect(failures).toMatchObject([{ step: "connect", errno: "EADDRNOTAVAIL", count: 50 }]);
    },
  },
  {
    behaviour:
      "an explicit port takes its TIME_WAIT over at once, so 100 ports carry 300 connections",
    workload: { bind: "port", arrival: closed(4, { limit: 300 }) },
    world: { client: HUNDRED_PORTS },
    options: { workers: 2 },
    async check({ tally }, world) {
      expect(tally.connections).toMatchObject({ succeeded: 300, failed: 0 });
      await expectTimeWait(world, { client: 100, target: 0 });
    },
  },
  {
    behaviour: "explicit ports of two sources are split among three workers, none used by two",
    workload: { sources: 2, bind: "port", arrival: closed(6, { limit: 600 }) },
    world: { sources: 2, client: HUNDRED_PORTS },
    options: { workers: 3 },
    async check({ tally }, world) {
      expect(tally.connections).toMatchObject({ succeeded: 600, failed: 0 });
      await expectTimeWait(world, { client: 200, target: 0 });
    },
  },
];

function countsOf(histograms: ShardReport["histograms"]): Record<string, number> {
  return Object.fromEntries(histograms.map((record) => [record.metric, countHistogram(record)]));
}
