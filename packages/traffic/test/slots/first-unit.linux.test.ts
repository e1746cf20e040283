import { existsSync, readdirSync, readFileSync } from "node:fs";
import { afterAll, expect, test } from "vitest";
import { monotonicMs } from "../../src/monotonic.ts";
import { aWorkload, open } from "../fixtures/a-workload.ts";
import { answerWith, serveRudely } from "../fixtures/rude-server.ts";
import { Lab, targetAddress } from "../fixtures/world.ts";

const lab = new Lab();
afterAll(() => lab[Symbol.asyncDispose]());

const ANSWER = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** Threads of this process that come before all others (SCHED_FIFO); proc_pid_stat(5) says so in its 41st field. */
function countPromptThreads(): number {
  return readdirSync("/proc/self/task").filter((thread) => {
    const file = `/proc/self/task/${thread}/stat`;
    if (!existsSync(file)) return false; // it has ended since
    const text = readFileSync(file, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ")[41 - 3] === "1";
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
