import { readFileSync, readlinkSync } from "node:fs";

/** The kernel's id of the calling thread: the last part of `/proc/thread-self`, `<pid>/task/<tid>`. */
export function currentThreadId(): number {
  return Number(readlinkSync("/proc/thread-self").split("/").at(-1));
}

/**
 * CPU time, user and system, that a thread of this process has used so far, in microseconds; read from outside, so it works
 * for a thread that never returns to its event loop. The kernel brings it up to date at every tick and switch of the thread
 * (proc_pid_schedstat(5)). Null when there is no such thread any more.
 */
export function readCpuUsOfThread(threadId: number): number | null {
  try {
    const [nanoseconds] = readFileSync(`/proc/self/task/${threadId}/schedstat`, "utf8").split(" ");
    return Number(nanoseconds) / 1000;
  } catch {
    return null;
  }
}
