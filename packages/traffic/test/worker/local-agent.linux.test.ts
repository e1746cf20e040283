import { closeSync, openSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { ChurnError, type HistogramRecord, mergeHistograms } from "@churnlab/core";
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
    const running = shard.run(monotonicMs() + 300);
    await sleep(250);
    expect(shard.live().attempted).toBe(0);
    expect((await running).tally.connections.succeeded).toBe(10);
  });

  test("shows growing counts while it runs, and CPU time of the measure phase afterwards", async () => {
    using world = lab.open();
    const seen: number[] = [];
    const { tally, cpuUs, cpuShareMax } = await world.run(aWorkload({ arrival: closed(8) }), {
      phases: { measureMs: 600 },
      during: async ({ shard }) => {
        for (let i = 0; i < 5; i++) {
          await sleep(100);
          seen.push(shard.live().succeeded);
        }
      },
    });
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect(new Set(seen).size).toBe(5);
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

  test("rejects with E_AGENT when a worker thread is lost, and serves the next trial", async () => {
    using world = lab.open();
    const running = world.run(aWorkload({ arrival: closed(4) }), {
      workers: 3,
      phases: { measureMs: 20_000 },
      during: async () => {
        await sleep(200);
        await lab.pool.threads.at(-1)?.terminate();
      },
    });
    await expect(running).rejects.toMatchObject({ code: "E_AGENT" });
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

  test("runs on when the namespace's cable is gone, and counts what fails", async () => {
    using world = lab.open();
    const timeouts = { connectMs: 200, responseMs: 200 };
    const { tally } = await world.run(aWorkload({ arrival: open(100), timeouts }), {
      during: async () => {
        await sleep(300);
        world.cutCables();
      },
    });
    expect(tally.connections.intended).toBe(100);
    expect(tally.connections.succeeded).toBeGreaterThan(0);
    expect(tally.connections.failed).toBeGreaterThan(0);
  });
});
