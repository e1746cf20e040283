import { once } from "node:events";
import { setImmediate as immediately, setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { type NetworkNamespace, RING_SETUPS } from "@churnlab/linux";
import { afterAll, describe, expect, test } from "vitest";
import { TargetThreads } from "../../src/target/target-threads.ts";
import { WorkerCounters } from "../../src/worker-counters.ts";
import { aWorkload, closed } from "../fixtures/a-workload.ts";
import type { HoldOptions } from "../fixtures/hold-by-old-ring.ts";
import { countOpenDescriptors, expectNoMoreThan } from "../fixtures/open-descriptors.ts";
import { answerWith, serveRudely } from "../fixtures/rude-server.ts";
import { Lab, TARGET_HOST, targetAddress } from "../fixtures/world.ts";

const lab = new Lab();
afterAll(() => lab[Symbol.asyncDispose]());

const ANSWER = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const LOST = 3;
const HELD = 100;
/** A target is ended when the client sees so many open: from the first on it accepts, which it may be ended in the middle of. */
const SEEN_OPEN = [1, 1, 1, 10, HELD];

describe.each(["ring", "epoll"] as const)("a thread of %s that is terminated", (engine) => {
  test("in the middle of its load leaves neither connections nor descriptors", async () => {
    using world = lab.open();
    await using server = serveRudely(world.target, answerWith(ANSWER));
    const loseOne = async (): Promise<void> => {
      const workload = aWorkload({ engine, kind: "hold", arrival: closed(HELD) });
      const lost = world.offer(workload, targetAddress(server.port), {
        phases: { measureMs: 10_000 },
        during: async (shard) => {
          while (shard.live().open < HELD) await sleep(10);
          await Promise.all(lab.pool.threads.map((thread) => thread.terminate()));
        },
      });
      const { tally, failures } = await lost;
      expect(tally.connections).toMatchObject({ attempted: HELD, established: HELD, failed: HELD });
      expect(failures).toMatchObject([{ step: "receive", errno: "UNFINISHED", count: HELD }]);
    };
    await loseOne();
    await expect.poll(() => world.targetGauge("tcp.CurrEstab")).toBe(0);
    const before = countOpenDescriptors();
    for (let i = 0; i < LOST; i++) await loseOne();
    await expectNoMoreThan(before);
    await expect.poll(() => world.targetGauge("tcp.CurrEstab")).toBe(0);
  });

  test.each(["none", "never-accept"] as const)(
    "while it serves (misbehaviour: %s) leaves neither connections nor its listener",
    async (misbehaviour) => {
      using world = lab.open();
      await using targets = new TargetThreads();
      const loseOne = async (seenOpen: number): Promise<void> => {
        const target = await targets.start({
          namespaceFd: world.target.fd,
          address: TARGET_HOST,
          workload: aWorkload(),
          spec: {
            server: "builtin",
            port: 8080,
            backlog: 4096,
            delayMs: 0,
            misbehaviour,
            engine,
          },
        });
        const workload = aWorkload({ kind: "hold", arrival: closed(HELD) });
        await world.offer(workload, targetAddress(8080), {
          during: async (shard) => {
            while (shard.live().open < seenOpen) await immediately();
            await targets.threads[0]?.terminate();
            await target.stop();
            shard.stop();
          },
        });
      };
      await loseOne(HELD);
      await expect.poll(() => world.targetGauge("tcp.CurrEstab")).toBe(0);
      const before = countOpenDescriptors();
      // Each listens on the same port, which it cannot where the one before still does.
      for (const seenOpen of SEEN_OPEN) await loseOne(seenOpen);
      await expectNoMoreThan(before);
      await expect.poll(() => world.targetGauge("tcp.CurrEstab")).toBe(0);
    },
  );
});

test.each(RING_SETUPS.map((flags) => ({ setup: `0x${flags.toString(16)}`, flags })))(
  "what a thread held in a ring of set-up $setup is given back when it is gone",
  async ({ flags }) => {
    using world = lab.open();
    await using server = serveRudely(world.target, answerWith(ANSWER));
    const before = countOpenDescriptors();
    const counters = new WorkerCounters();
    const options: HoldOptions = {
      namespaceFd: (world.clients[0] as NetworkNamespace).fd,
      port: server.port,
      connections: HELD,
      setup: flags,
      counters: counters.shared,
    };
    const script = fileURLToPath(new URL("../fixtures/hold-by-old-ring.ts", import.meta.url));
    const worker = new Worker(script, {
      workerData: options,
      execArgv: ["--conditions=@churnlab/source"],
    });
    const failed = once(worker, "error").then(([error]) => Promise.reject(error as Error));
    failed.catch(() => {});
    while (counters.open < HELD) await Promise.race([sleep(10), failed]);
    await worker.terminate();
    counters.holdings.giveBack();
    expect(counters.holdings.empty).toBe(true);
    await expectNoMoreThan(before);
    await expect.poll(() => world.targetGauge("tcp.CurrEstab")).toBe(0);
  },
);
