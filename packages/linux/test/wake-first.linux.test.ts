import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { currentThreadId } from "../src/threads.ts";
import { wakeFirst } from "../src/wake-first.ts";

const SCHED_OTHER = 0;
const SCHED_FIFO = 1;

/** proc_pid_stat(5): the 41st field; those after the name in brackets begin with the third. */
function readPolicy(threadId: number): number {
  const text = readFileSync(`/proc/self/task/${threadId}/stat`, "utf8");
  return Number(text.slice(text.lastIndexOf(")") + 2).split(" ")[41 - 3]);
}

test("a thread is woken before others until it says that its wait is over", () => {
  const thread = currentThreadId();
  {
    using prompt = wakeFirst();
    expect(prompt.granted).toBe(true);
    expect(readPolicy(thread)).toBe(SCHED_FIFO);
  }
  expect(readPolicy(thread)).toBe(SCHED_OTHER);
});

test("a policy that somebody chose for the thread is kept", () => {
  using _chosen = wakeFirst();
  {
    using prompt = wakeFirst();
    expect(prompt.granted).toBe(false);
  }
  expect(readPolicy(currentThreadId())).toBe(SCHED_FIFO);
});
