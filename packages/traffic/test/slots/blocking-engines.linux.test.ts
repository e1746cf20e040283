import { readdirSync } from "node:fs";
import type net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { findBrokenIdentities } from "@churnlab/core";
import type { NetworkNamespace } from "@churnlab/linux";
import { afterAll, describe, expect, test } from "vitest";
import { monotonicMs } from "../../src/monotonic.ts";
import { MEASURE } from "../../src/worker-counters.ts";
import { aWorkload, closed, open } from "../fixtures/a-workload.ts";
import { BLOCKING_ENGINES, runWithSlots } from "../fixtures/blocking-engines.ts";
import { answerWith, serveRudely } from "../fixtures/rude-server.ts";
import { Lab, targetAddress } from "../fixtures/world.ts";

const lab = new Lab();
afterAll(() => lab[Symbol.asyncDispose]());

const ANSWER = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n";

/** Sends one byte at a time, each in a segment of its own. */
function dribble(text: string): (socket: net.Socket) => void {
  return (socket) => {
    socket.setNoDelay(true);
    const bytes = text.split("");
    const sendNext = (): void => {
      const byte = bytes.shift();
      if (byte !== undefined) socket.write(byte, () => setTimeout(sendNext, 1));
    };
    socket.once("data", sendNext);
    socket.on("end", () => socket.end());
  };
}

interface Manners {
  readonly manners: string;
  readonly treat: (socket: net.Socket) => void;
  readonly closer?: "client" | "server";
}

let answered = 0;
const manners: readonly Manners[] = [
  { manners: "a byte at a time", treat: dribble(ANSWER) },
  { manners: "in chunks, a byte at a time", treat: dribble(CHUNKED) },
  {
    manners: "behind an interim response",
    treat: answerWith(`HTTP/1.1 103 Early\r\n\r\n${ANSWER}`),
  },
  {
    manners: "until the end of the stream",
    closer: "server",
    treat: (socket) => socket.once("data", () => socket.end("HTTP/1.0 200 OK\r\n\r\nto the end")),
  },
  {
    manners: "differently each time",
    treat: (socket) => {
      socket.on("data", () => {
        const body = "x".repeat(answered++ % 50);
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
      });
      socket.on("end", () => socket.end());
    },
  },
];

const countDescriptors = (): number => readdirSync("/proc/self/fd").length;

for (const blocking of BLOCKING_ENGINES) {
  const engine = blocking.name;

  describe(`the ${engine} engine`, () => {
    test.each(manners)("reads answers that come $manners", async ({ treat, closer = "client" }) => {
      using world = lab.open();
      await using server = serveRudely(world.target, treat);
      const workload = aWorkload({ engine, closer, arrival: closed(4, { limit: 20 }) });
      const { tally } = await world.offer(workload, targetAddress(server.port), {
        phases: { measureMs: 10_000 },
      });
      expect(tally.connections).toMatchObject({ succeeded: 20, failed: 0 });
      expect(tally.requests).toMatchObject({ succeeded: 20, failed: 0 });
    });

    test("holds more connections than its ring or its list of events has room for", async () => {
      using world = lab.open();
      const workload = aWorkload({ engine, kind: "hold", arrival: closed(3000) });
      const { tally } = await world.run(workload, {
        phases: { measureMs: 1500 },
        spec: { engine },
      });
      expect(tally.connections).toMatchObject({ attempted: 3000, succeeded: 3000, failed: 0 });
    });

    test("fails with EMFILE, and loses nothing, where connections outnumber the slots", async () => {
      using world = lab.open();
      await using server = serveRudely(world.target, (socket) => socket.resume());
      const startAtMs = monotonicMs() + 5;
      const counters = runWithSlots(
        blocking,
        {
          workload: aWorkload({
            arrival: open(200),
            timeouts: { connectMs: 2000, responseMs: 2000 },
          }),
          target: targetAddress(server.port),
          worker: { index: 0, of: 1 },
          sourceAddress: "198.19.0.1",
          seed: 1,
          startAtMs,
          warmUpMs: 0,
          measureMs: 250,
        },
        { namespace: world.clients[0] as NetworkNamespace, slots: 10 },
      );
      const tally = counters.toTally(MEASURE);
      const failures = counters.toFailures();
      expect(findBrokenIdentities(tally, failures)).toEqual([]);
      expect(tally.connections).toMatchObject({ attempted: 50, established: 10, failed: 50 });
      expect(failures).toMatchObject([
        { step: "connect", errno: "EMFILE", count: 40 },
        { step: "receive", errno: "ETIMEDOUT", count: 10 },
      ]);
    });

    test("ends when the network is gone, every connection counted", async () => {
      using world = lab.open();
      const workload = aWorkload({
        engine,
        arrival: closed(16),
        timeouts: { connectMs: 300, responseMs: 300 },
      });
      const { tally, failures } = await world.run(workload, {
        phases: { measureMs: 1000 },
        spec: { engine },
        during: async ({ shard }) => {
          while (shard.live().succeeded === 0) await sleep(10);
          world.cutCables();
        },
      });
      const { attempted, succeeded, failed } = tally.connections;
      expect(succeeded).toBeGreaterThan(0);
      expect(attempted).toBe(succeeded + failed);
      // What was under way times out, at most 16; what follows has no route, one try each 20 ms.
      const countOf = (wanted: string): number =>
        failures.reduce((sum, { errno, count }) => sum + (errno === wanted ? count : 0), 0);
      expect(countOf("ETIMEDOUT")).toBeLessThanOrEqual(16);
      expect(countOf("ENETUNREACH")).toBeGreaterThan(0);
      expect(countOf("ETIMEDOUT") + countOf("ENETUNREACH")).toBe(failed);
    });

    test("leaves no descriptor behind after 30 runs that were stopped in the middle", async () => {
      using world = lab.open();
      await using server = serveRudely(world.target, answerWith(ANSWER));
      const stopped = async (afterMs: number, kind: "short-lived" | "hold"): Promise<void> => {
        const workload = aWorkload({ engine, kind, arrival: closed(32) });
        const { tally } = await world.offer(workload, targetAddress(server.port), {
          phases: { measureMs: 10_000 },
          during: async (shard) => {
            while (shard.live().attempted < 32) await sleep(1);
            await sleep(afterMs);
            shard.stop();
          },
        });
        expect(tally.connections.attempted).toBeGreaterThanOrEqual(32);
      };
      await stopped(50, "short-lived");
      const before = countDescriptors();
      for (let i = 0; i < 30; i++) await stopped(i, i % 2 === 0 ? "short-lived" : "hold");
      // The server's side of the last connections closes a moment later.
      for (let i = 0; i < 50 && countDescriptors() > before; i++) await sleep(20);
      expect(countDescriptors()).toBeLessThanOrEqual(before);
    });

    test("names the cliff at half of the port range before the first EADDRNOTAVAIL", async () => {
      const workload = aWorkload({ engine, arrival: closed(4, { limit: 4010 }) });
      const findCliff = async (): Promise<unknown> => {
        using world = lab.open({
          client: {
            "net.ipv4.ip_local_port_range": "10000 13999",
            "net.ipv4.tcp_tw_reuse": "0",
          },
        });
        const { failures, events } = await world.run(workload, { spec: { engine } });
        expect(failures).toMatchObject([{ step: "connect", errno: "EADDRNOTAVAIL", count: 10 }]);
        const cliff = events.find(({ kind }) => kind === "connect-cliff");
        if (cliff === undefined) return "none";
        expect(cliff.tMs).toBeLessThan(failures[0]?.firstMs ?? 0);
        return cliff.detail["portUsePercent"];
      };
      // What a connect() costs is real time: where other work took a share of one load, the next may be spared.
      const found: unknown[] = [];
      const isAtHalf = (percent: unknown): boolean =>
        typeof percent === "number" && percent >= 40 && percent <= 55;
      while (found.length < 3 && found.filter(isAtHalf).length < 2) found.push(await findCliff());
      expect(found).toSatisfy((percents: unknown[]) => percents.filter(isAtHalf).length === 2);
    });
  });
}
