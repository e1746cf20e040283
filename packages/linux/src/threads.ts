import { existsSync, readFileSync, readlinkSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const LOOK_EVERY_MS = 5;
/** A terminated thread ends when it next runs JavaScript, so one that waits in the kernel ends after its wait. */
const PATIENCE_MS = 5000;

/** The kernel's id of the calling thread: the last part of `/proc/thread-self`, `<pid>/task/<tid>`. */
export function currentThreadId(): number {
  return Number(readlinkSync("/proc/thread-self").split("/").at(-1));
}

/**
 * CPU time, user and system, that a thread of this process has used so far, in microseconds; read from outside, so it works
 * for a thread that never returns to its event loop. The kernel brings it up to date at every tick and switch of the thread
 * (proc_pid_schedstat(5)). Null when there is no such thread any more, or the kernel keeps no such count.
 */
export function readCpuUsOfThread(threadId: number): number | null {
  try {
    const [nanoseconds] = readFileSync(`/proc/self/task/${threadId}/schedstat`, "utf8").split(" ");
    const us = Number(nanoseconds) / 1000;
    return Number.isFinite(us) ? us : null;
  } catch {
    return null;
  }
}

/** Whether a thread of this process that has been told to end is gone, by the kernel's word; waits for that a few seconds. */
export async function awaitThreadEnd(threadId: number): Promise<boolean> {
  const task = `/proc/self/task/${threadId}`;
  for (let waitedMs = 0; waitedMs < PATIENCE_MS; waitedMs += LOOK_EVERY_MS) {
    if (!existsSync(task)) return true;
    await sleep(LOOK_EVERY_MS);
  }
  return false;
}
