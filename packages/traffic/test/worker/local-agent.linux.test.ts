import { closeSync, openSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { ChurnError, type HistogramRecord, mergeHistograms } from "@churnlab/core";
import { bootMs } from "@churnlab/linux";
import { afterAll, describe, expect, test } from "vitest";
import { monotonicMs } from "../../src/monotonic.ts";
import { LocalAgent } from "../../src/worker/local-agent.ts";
import { aWorkload, closed, open } from "../fixtures/a-workload.ts";
import { answerWith, serveRudely } from "../fixtures/rude-server.ts";
import { Lab, targetAddress } from "../fixtures/world.ts";

const lab = new Lab();
afterAll(() => lab[Symbol.asyncDispose]());

describe("a local agent", () => {
  test("starts no load before the common start, and all of it then", async () => {
    using world = lab.open();
    await using server = serveRudely(world.target, answerWith("HTTP/1.1 204 No Content\r\n\r\n"));
    const workload = aWorkload({ arrival: open(100, { limit: 10 }) });
    const shard = await world.arm(workload, targetAddress(server.port), { workers: 2 });
    const startAtMs = monotonicMs() + 300;
    const running = shard.run(startAtMs);
    const early: number[] = [];
    for (;;) {
      const { attempted } = shard.live();
      if (monotonicMs() >= startAtMs) break;
      early.push(attempted);
      await sleep(10);
    }
    expect(early).toContain(0);
    expect(early.filter((attempted) => attempted > 0)).toEqual([]);
    expect((await running).tally.connections.succeeded).toBe(10);
  });

  test("shows growing counts while it runs, and CPU time of the measure phase afterwards", async () => {
    using world = lab.open();
    const seen: number[] = [];
    const { tally, cpuUs, cpuShareMax } = await world.run(aWorkload({ arrival: closed(8) }), {
      phases: { measureMs: 20_000 },
      during: async ({ shard }) => {
        while (new Set(seen).size < 5) {
          await sleep(50);
          seen.push(shard.live().succeeded);
        }
        shard.stop();
      },
    });
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect((cpuUs ?? 0) / tally.connections.attempted).toBeGreaterThan(10);
    expect(cpuShareMax).toBeGreaterThan(0);
    expect(cpuShareMax).toBeLessThanOrEqual(1.1);
  });

  test("gives away every latency of the measure phase once, while it runs and after", async () => {
    using world = lab.open();
    const taken: HistogramRecord[] = [];
    let take = (): readonly HistogramRecord[] => [];
    const { histograms } = await world.run(aWorkload({ arrival: closed(8) }), {
      workers: 2,
      phases: { measureMs: 400 },
      during: async ({ shard }) => {
        take = () => shard.takeLatencies?.() ?? [];
        while (taken.length === 0) {
          await sleep(20);
          taken.push(...take());
        }
      },
    });
    taken.push(...take());
    for (const metric of ["connect", "request"]) {
      const own = taken.filter((record) => record.metric === metric);
      expect(mergeHistograms(metric, own)).toEqual(
        histograms.find((record) => record.metric === metric),
      );
    }
  });

  test.each(
    (["ring", "epoll", "net", "undici"] as const).flatMap((engine) => [
      { engine, arrival: open(500) },
      { engine, arrival: closed(4) },
    ]),
  )(
    "ends its load of $engine, $arrival.model, by itself once nobody keeps it going",
    async ({ engine, arrival }) => {
      using world = lab.open();
      const { tally } = await world.run(aWorkload({ engine, arrival }), {
        phases: { measureMs: 20_000 },
        during: async ({ shard }) => {
          while (shard.live().succeeded < 50) await sleep(10);
          shard.keepUntil?.(bootMs() + 100);
        },
      });
      const { attempted, succeeded } = tally.connections;
      expect(succeeded).toBeGreaterThanOrEqual(50);
      expect(attempted).toBeLessThan(9000); // of 10 000, or as many as 20 s have room for
      expect(world.targetCounter("tcp.PassiveOpens")).toBeLessThanOrEqual(attempted);
    },
  );

  test.each(["ring", "epoll", "net", "undici"] as const)(
    "keeps what all workers of %s had counted when one is lost, as the target's kernel saw it",
    async (engine) => {
      using world = lab.open();
      let before = 0;
      const report = await world.run(aWorkload({ engine, arrival: closed(4) }), {
        workers: 3,
        phases: { measureMs: 20_000 },
        during: async ({ shard }) => {
          while (shard.live().succeeded < 100) await sleep(10);
          before = shard.live().succeeded;
          await lab.pool.threads.at(-1)?.terminate();
        },
      });
      expect(report.lost).toMatch(/worker thread was lost/);
      const { attempted, established, succeeded } = report.tally.connections;
      expect(succeeded).toBeGreaterThanOrEqual(before);
      // Those that were in flight may have reached the target without their thread having seen it.
      const accepted = world.targetCounter("tcp.PassiveOpens");
      expect(accepted).toBeGreaterThanOrEqual(established);
      expect(accepted).toBeLessThanOrEqual(attempted);
      const unfinished = report.failures.filter(({ errno }) => errno === "UNFINISHED");
      expect(unfinished.reduce((sum, { count }) => sum + count, 0)).toBeLessThanOrEqual(4);
    },
  );

  test("serves the next trial after a worker thread was lost", async () => {
    using world = lab.open();
    const { lost } = await world.run(aWorkload({ arrival: closed(4) }), {
      workers: 3,
      phases: { measureMs: 20_000 },
      during: async ({ shard }) => {
        while (shard.live().attempted === 0) await sleep(10);
        await lab.pool.threads.at(-1)?.terminate();
      },
    });
    expect(lost).toBeDefined();
    const next = await world.run(aWorkload({ arrival: closed(4, { limit: 12 }) }), { workers: 3 });
    expect(next.tally.connections.succeeded).toBe(12);
  });

  test("throws what its engine throws that nobody but a programmer can mend as the bug it is", async () => {
    using world = lab.open();
    // No scenario can ask for this.
    const impossible = aWorkload({ requestBytes: -1, closer: "server" });
    const running = world.offer(impossible, targetAddress(8080));
    await expect(running).rejects.toThrow(/Invalid count value/);
    await expect(running).rejects.not.toBeInstanceOf(ChurnError);
  });

  test("rejects with E_NAMESPACE when there is no such namespace, and calls the other workers off", async () => {
    using world = lab.open();
    const notANamespace = openSync("/dev/null", "r");
    const agent = new LocalAgent({
      name: "local",
      pool: lab.pool,
      sources: [
        { namespaceFd: world.target.fd, address: "198.18.0.1" },
        { namespaceFd: notANamespace, address: "198.19.0.1" },
      ],
      workers: 2,
    });
    const arming = agent.arm({
      trialId: 1,
      seed: 1,
      workload: aWorkload(),
      phases: { warmUpMs: 0, measureMs: 100, drainMs: 0 },
      target: targetAddress(8080),
      share: { first: 0, count: 2, of: 2 },
    });
    await expect(arming).rejects.toMatchObject({ code: "E_NAMESPACE" });
    closeSync(notANamespace);
    expect((await world.run(aWorkload())).tally.connections.succeeded).toBe(1);
  });

  test("begins nothing when it is stopped before the start", async () => {
    using world = lab.open();
    const shard = await world.arm(aWorkload({ arrival: closed(4) }), targetAddress(8080));
    shard.stop();
    const { tally } = await shard.run(monotonicMs() + 5);
    expect(tally.connections.attempted).toBe(0);
  });

  test.each([
    ["ring", "cutCables"],
    ["ring", "removeCables"],
    ["epoll", "removeCables"],
    ["net", "cutCables"],
    ["net", "removeCables"],
    ["undici", "removeCables"],
  ] as const)(
    "of %s runs on when the network of its namespace is gone (%s), and counts what fails",
    async (engine, lose) => {
      using world = lab.open();
      const timeouts = { connectMs: 200, responseMs: 200 };
      const { tally, failures } = await world.run(
        aWorkload({ engine, arrival: open(100), timeouts }),
        {
          during: async ({ shard }) => {
            while (shard.live().succeeded === 0) await sleep(10);
            world[lose]();
          },
        },
      );
      expect(tally.connections.intended).toBe(100);
      expect(tally.connections.succeeded).toBeGreaterThan(0);
      const errnos = failures.map(({ errno }) => errno);
      expect(errnos.length).toBeGreaterThan(0);
      expect(["ENETUNREACH", "EHOSTUNREACH", "ETIMEDOUT", "ENETDOWN"]).toEqual(
        expect.arrayContaining(errnos),
      );
    },
  );
});
