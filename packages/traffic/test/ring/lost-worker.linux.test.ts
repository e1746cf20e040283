import { readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import { aWorkload, closed } from "../fixtures/a-workload.ts";
import { answerWith, serveRudely } from "../fixtures/rude-server.ts";
import { Lab, targetAddress } from "../fixtures/world.ts";

const lab = new Lab();
afterAll(() => lab[Symbol.asyncDispose]());

const ANSWER = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const WORKERS_LOST = 5;

const countDescriptors = (): number => readdirSync("/proc/self/fd").length;

test("threads that are lost in the middle of a run leave neither connections nor descriptors", async () => {
  using world = lab.open();
  await using server = serveRudely(world.target, answerWith(ANSWER));
  const loseOne = async (): Promise<void> => {
    const workload = aWorkload({ engine: "ring", kind: "hold", arrival: closed(100) });
    const lost = world.offer(workload, targetAddress(server.port), {
      phases: { measureMs: 10_000 },
      during: async (shard) => {
        while (shard.live().open < 100) await sleep(10);
        await Promise.all(lab.pool.threads.map((thread) => thread.terminate()));
      },
    });
    await expect(lost).rejects.toMatchObject({ code: "E_AGENT" });
  };
  await loseOne();
  const settle = async (): Promise<number> => {
    for (let previous = -1; previous !== countDescriptors(); await sleep(300)) {
      previous = countDescriptors();
    }
    return countDescriptors();
  };
  const before = await settle();
  for (let i = 0; i < WORKERS_LOST; i++) await loseOne();
  expect(await settle()).toBeLessThanOrEqual(before);
  expect(world.targetGauge("tcp.CurrEstab")).toBe(0);
});
