import { existsSync, readdirSync } from "node:fs";
import { afterAll, expect, test } from "vitest";
import { readPolicy, SCHED_FIFO } from "../../../linux/test/fixtures/read-policy.ts";
import { monotonicMs } from "../../src/monotonic.ts";
import { aWorkload, open } from "../fixtures/a-workload.ts";
import { answerWith, serveRudely } from "../fixtures/rude-server.ts";
import { Lab, targetAddress } from "../fixtures/world.ts";

const lab = new Lab();
afterAll(() => lab[Symbol.asyncDispose]());

const ANSWER = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** Threads of this process that come before all others. */
function countPromptThreads(): number {
  return readdirSync("/proc/self/task").filter((thread) => {
    const task = `/proc/self/task/${thread}`;
    return existsSync(task) && readPolicy(task) === SCHED_FIFO; // it may have ended since
  }).length;
}

test.each(["ring", "epoll"] as const)(
  "a worker of %s waits for its first unit as one that is woken before others, and does the rest as any other",
  async (engine) => {
    using world = lab.open();
    await using server = serveRudely(world.target, answerWith(ANSWER));
    const workload = aWorkload({ engine, arrival: open(20) });
    const shard = await world.arm(workload, targetAddress(server.port), {
      phases: { measureMs: 60_000 },
      workers: 2,
    });
    const running = shard.run(monotonicMs() + 1000);
    await expect.poll(countPromptThreads).toBe(2);
    await expect.poll(() => shard.live().attempted).toBeGreaterThan(4);
    expect(countPromptThreads()).toBe(0);
    shard.stop();
    await running;
  },
);
