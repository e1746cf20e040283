import type net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import {
  countHistogram,
  type FailureRecord,
  type HistogramRecord,
  quantileUs,
  type Workload,
} from "@churnlab/core";
import { afterAll, describe, expect, test } from "vitest";
import { ENGINES } from "../../src/engines.ts";
import { aWorkload, closed, open } from "../fixtures/a-workload.ts";
import { answerWith, serveRudely } from "../fixtures/rude-server.ts";
import { Lab, targetAddress } from "../fixtures/world.ts";

const lab = new Lab();
afterAll(() => lab[Symbol.asyncDispose]());

const REFUSAL = "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 2\r\n\r\nno";
const ANSWER = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

interface RudeBehaviour {
  readonly manners: string;
  readonly treat: (socket: net.Socket) => void;
  readonly expected: Pick<FailureRecord, "step" | "errno">;
  /** An engine to which this looks like something else. */
  readonly except?: string;
}

const rudeBehaviours: readonly RudeBehaviour[] = [
  {
    manners: "answers garbage",
    treat: answerWith("220 mail.example ESMTP\r\n"),
    expected: { step: "receive", errno: "EPROTO" },
  },
  {
    manners: "answers that another server failed",
    treat: answerWith(REFUSAL),
    expected: { step: "receive", errno: "HTTP_502" },
  },
  {
    manners: "answers with two answers",
    treat: answerWith(ANSWER + ANSWER),
    expected: { step: "receive", errno: "EPROTO" },
    // Its parser reports the first answer, and the connection ends, before it looks at the second.
    except: "undici",
  },
  {
    manners: "ends the stream in the middle of an answer",
    treat: (socket) => socket.on("data", () => socket.end(ANSWER.slice(0, -1))),
    expected: { step: "receive", errno: "EOF" },
  },
  {
    manners: "ends the stream without an answer",
    treat: (socket) => socket.on("data", () => socket.end()),
    expected: { step: "receive", errno: "EOF" },
  },
  {
    manners: "resets instead of an answer",
    treat: (socket) => socket.on("data", () => socket.resetAndDestroy()),
    expected: { step: "receive", errno: "ECONNRESET" },
  },
  {
    manners: "never answers",
    treat: (socket) => socket.resume(),
    expected: { step: "receive", errno: "ETIMEDOUT" },
  },
  {
    manners: "answers half and then nothing",
    treat: answerWith(ANSWER.slice(0, -1)),
    expected: { step: "receive", errno: "ETIMEDOUT" },
  },
  {
    manners: "sends a head without an end",
    treat: sendEndlessHead,
    expected: { step: "receive", errno: "EPROTO" },
  },
];

/** Where an answer is to come: a machine that is busy may take its time. */
const PATIENT = { connectMs: 3000, responseMs: 3000 };
/** Where none comes. */
const BRIEF = { connectMs: 3000, responseMs: 300 };

const engines = await Promise.all(ENGINES.map((entry) => entry.load()));

for (const engine of engines) {
  const workloadOf = (overrides: Partial<Workload>): Workload =>
    aWorkload({ timeouts: PATIENT, engine: engine.name, ...overrides });

  describe.skipIf(!engine.probe().works)(`the ${engine.name} engine, when the target`, () => {
    test.each(rudeBehaviours.filter(({ except }) => except !== engine.name))(
      "$manners",
      async ({ treat, expected }) => {
        using world = lab.open();
        await using server = serveRudely(world.target, treat);
        const timeouts = expected.errno === "ETIMEDOUT" ? BRIEF : PATIENT;
        const workload = workloadOf({ arrival: closed(5, { limit: 20 }), timeouts });
        const { tally, failures, histograms } = await world.offer(
          workload,
          targetAddress(server.port),
        );
        expect(tally.connections).toMatchObject({ attempted: 20, established: 20, failed: 20 });
        expect(tally.requests).toMatchObject({ attempted: 20, failed: 20 });
        expect(failures).toMatchObject([{ ...expected, count: 20 }]);
        // A first byte of an answer that came to nothing is no latency of a success.
        for (const record of histograms.filter(({ metric }) => metric !== "connect")) {
          expect([record.metric, countHistogram(record)]).toEqual([record.metric, 0]);
        }
      },
    );

    test("answers that it failed, the request fails and the connection goes on", async () => {
      using world = lab.open();
      let requests = 0;
      await using server = serveRudely(world.target, (socket) => {
        socket.on("data", () => socket.write(requests++ % 2 === 0 ? REFUSAL : ANSWER));
        socket.on("end", () => socket.end());
      });
      const workload = workloadOf({ kind: "keep-alive", arrival: closed(1, { limit: 20 }) });
      const kept = { ...workload, requestsPerConnection: 20 };
      const { tally, failures, histograms } = await world.offer(kept, targetAddress(server.port));
      expect(tally.requests).toMatchObject({ attempted: 20, succeeded: 10, failed: 10 });
      expect(tally.connections).toMatchObject({ attempted: 1, established: 1, failed: 1 });
      expect(failures).toMatchObject([{ step: "receive", errno: "HTTP_502", count: 1 }]);
      const served = ["first_byte", "request", "total"].map(
        (wanted) => histograms.find(({ metric }) => metric === wanted) as HistogramRecord,
      );
      expect(served.map(countHistogram)).toEqual([10, 10, 10]);
    });

    test("says that it closes after an answer, no request follows on that connection", async () => {
      using world = lab.open();
      const last = ANSWER.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
      await using server = serveRudely(world.target, (socket) => {
        let requests = 0;
        socket.on("data", () => {
          if (++requests < 5) socket.write(ANSWER);
          else socket.end(last);
        });
      });
      const workload = workloadOf({ kind: "keep-alive", arrival: closed(1, { limit: 100 }) });
      const kept = { ...workload, requestsPerConnection: "unlimited" as const };
      const { tally, failures } = await world.offer(kept, targetAddress(server.port));
      expect(failures).toEqual([]);
      expect(tally.requests).toMatchObject({ attempted: 100, succeeded: 100, failed: 0 });
      expect(tally.connections).toMatchObject({ attempted: 20, succeeded: 20 });
    });

    test("does not listen, retries are paced and none is lost", async () => {
      using world = lab.open();
      const workload = workloadOf({ arrival: closed(8) });
      const { tally, failures, events } = await world.offer(workload, targetAddress(9), {
        phases: { measureMs: 600 },
      });
      expect(failures).toMatchObject([{ step: "connect", errno: "ECONNREFUSED" }]);
      expect(tally.connections.failed).toBe(tally.connections.attempted);
      // 8 slots at once, then one retry every 20 ms.
      expect(tally.connections.attempted).toBeLessThanOrEqual(8 + 600 / 20);
      expect(events).toMatchObject([{ kind: "retries-paced" }]);
    });

    test("has no route to it, every attempt fails at connect", async () => {
      using world = lab.open();
      const workload = workloadOf({ arrival: open(100, { limit: 20 }) });
      const address = { ...targetAddress(9), host: "198.18.0.77" };
      const { failures } = await world.offer(workload, address);
      expect(failures).toMatchObject([{ step: "connect", errno: "ENETUNREACH", count: 20 }]);
    });

    test("accepts nothing, a full queue is silence and the time-outs end each attempt", async () => {
      using world = lab.open();
      const timeouts = { connectMs: 1000, responseMs: 300 };
      const workload = workloadOf({ arrival: open(100, { limit: 20 }), timeouts });
      const { tally, failures } = await world.run(workload, {
        spec: { misbehaviour: "never-accept", backlog: 3 },
      });
      // A listen queue takes one more than its backlog (sk_acceptq_is_full).
      expect(tally.connections).toMatchObject({ attempted: 20, established: 4, failed: 20 });
      expect(failures).toMatchObject([
        { step: "receive", errno: "ETIMEDOUT", count: 4 },
        { step: "connect", errno: "ETIMEDOUT", count: 16 },
      ]);
    });

    test("never answers, the failure is of the moment its time was over", async () => {
      using world = lab.open();
      await using server = serveRudely(world.target, (socket) => socket.resume());
      const timeouts = { connectMs: 2000, responseMs: 275 };
      const workload = workloadOf({ arrival: open(1000, { limit: 20 }), timeouts });
      // Of several loads, for the thread may have to wait at that moment too.
      const excessMs: number[] = [];
      const isOfThatMoment = (ms: number): boolean => ms <= 276;
      while (excessMs.length < 5 && excessMs.filter(isOfThatMoment).length < 2) {
        const { failures, histograms } = await world.offer(workload, targetAddress(server.port));
        expect(failures).toMatchObject([{ step: "receive", errno: "ETIMEDOUT", count: 20 }]);
        const firstMs = failures[0]?.firstMs as number;
        expect(firstMs).toBeGreaterThanOrEqual(275);
        // Sent between the first arrival and the last, or as late as the generator was.
        const [scheduleUs = 0, connectUs = 0] = ["schedule", "connect"].map((wanted) =>
          quantileUs(histograms.find(({ metric }) => metric === wanted) as HistogramRecord, 1),
        ) as number[];
        excessMs.push(firstMs - (scheduleUs + connectUs) / 1000);
      }
      // Not at a sweep, which comes up to 50 ms later.
      expect(excessMs.toSorted((a, b) => a - b)[1]).toBeLessThanOrEqual(276);
    });

    test("disappears in the middle of a run, what follows is counted as failed", async () => {
      using world = lab.open();
      await using server = serveRudely(world.target, answerWith(ANSWER));
      const workload = workloadOf({ arrival: open(200) });
      const { tally, failures } = await world.offer(workload, targetAddress(server.port), {
        during: async (shard) => {
          await expect
            .poll(() => shard.live().succeeded, { interval: 10 })
            .toBeGreaterThanOrEqual(50);
          server.vanish();
        },
      });
      expect(tally.connections).toMatchObject({ intended: 200, dropped: 0 });
      expect(tally.connections.succeeded).toBeGreaterThan(0);
      const refused = failures.find(({ errno }) => errno === "ECONNREFUSED");
      expect(refused).toMatchObject({ step: "connect" });
    });

    test("disappears with idle connections, the pool opens others and fails", async () => {
      using world = lab.open();
      await using server = serveRudely(world.target, answerWith(ANSWER));
      const workload = workloadOf({
        kind: "keep-alive",
        requestsPerConnection: "unlimited",
        arrival: open(100),
      });
      const { tally } = await world.offer(workload, targetAddress(server.port), {
        during: async (shard) => {
          await expect
            .poll(() => shard.live().requestsSucceeded, { interval: 10 })
            .toBeGreaterThanOrEqual(50);
          server.vanish();
        },
      });
      expect(tally.requests).toMatchObject({ intended: 100, dropped: 0 });
      expect(tally.requests.succeeded).toBeGreaterThan(0);
      expect(tally.requests.failed).toBeGreaterThan(0);
    });

    test("is left alone by a stop: what is in flight is unfinished, and nothing hangs", async () => {
      using world = lab.open();
      let asked = 0;
      await using server = serveRudely(world.target, (socket) =>
        socket.once("data", () => asked++),
      );
      const workload = workloadOf({
        arrival: closed(10),
        timeouts: { connectMs: 30_000, responseMs: 30_000 },
      });
      const { tally, failures, elapsedMs } = await world.offer(
        workload,
        targetAddress(server.port),
        {
          phases: { measureMs: 30_000 },
          during: async (shard) => {
            await expect.poll(() => asked, { interval: 10 }).toBe(10);
            // Until the engine has seen for itself that all is sent.
            await sleep(100);
            shard.stop();
          },
        },
      );
      expect(tally.connections).toMatchObject({ attempted: 10, failed: 10 });
      expect(failures).toMatchObject([{ step: "receive", errno: "UNFINISHED", count: 10 }]);
      expect(elapsedMs).toBeLessThan(10_000);
    });

    test("closes an idle connection whose requests are unlimited, that is no failure", async () => {
      using world = lab.open();
      await using server = serveRudely(world.target, (socket) => {
        socket.on("data", () => {
          socket.write(ANSWER, () => setTimeout(() => socket.end(), 10));
        });
      });
      const workload = workloadOf({
        kind: "keep-alive",
        requestsPerConnection: "unlimited",
        arrival: open(2),
      });
      const { tally } = await world.offer(workload, targetAddress(server.port), {
        phases: { measureMs: 2000 },
      });
      expect(tally.requests).toMatchObject({ succeeded: 4, failed: 0 });
      expect(tally.connections).toMatchObject({ attempted: 4, succeeded: 4, failed: 0 });
    });
  });
}

/** A field of a head, over and over, as fast as the client reads. */
function sendEndlessHead(socket: net.Socket): void {
  const field = `X-Filler: ${"x".repeat(1000)}\r\n`;
  const pump = (): void => {
    while (!socket.destroyed && socket.write(field));
  };
  socket.once("data", () => {
    socket.write("HTTP/1.1 200 OK\r\n");
    socket.on("drain", pump);
    pump();
  });
}
