import { once } from "node:events";
import { ChurnError } from "@churnlab/core";
import { awaitThreadEnd, readCpuUsOfThread } from "@churnlab/linux";
import { reviveError } from "../error-record.ts";
import { WorkerCounters } from "../worker-counters.ts";
import type { Armed, LoadTask, Start } from "./load-task.ts";
import type { WorkerPool } from "./worker-pool.ts";

/** A worker thread that waits for the start, seen from the main thread. */
export interface ArmedWorker {
  readonly counters: WorkerCounters;
  /** Sends the start on CLOCK_MONOTONIC; null calls the load off. */
  start(startAtMs: number | null): void;
  /**
   * When its last connection was closed. Rejects with `E_AGENT` when the thread is lost, once what it has left is given back,
   * and with a plain `Error` when its engine has a bug.
   */
  readonly ended: Promise<{ readonly endedAtMs: number }>;
  /** CPU time of its thread so far; null where that cannot be read. */
  readCpuUs(): number | null;
}

/** Gives a task to a thread and waits until it is ready. */
export async function armWorker(
  pool: WorkerPool,
  signal: AbortSignal,
  task: Omit<LoadTask, "port" | "counters">,
): Promise<ArmedWorker> {
  const counters = new WorkerCounters();
  const { port, result } = pool.dispatch({ ...task, counters: counters.shared }, signal);
  const ended = settle(result);
  ended.catch(() => {}); // awaited below
  const over = new AbortController();
  try {
    const armed = once(port, "message", { signal: over.signal }) as Promise<[Armed]>;
    const first = await Promise.race([armed, ended]);
    if (!Array.isArray(first)) throw new Error("a worker ended before it was armed");
    const { threadId } = first[0];
    const reclaimed = ended.catch(async (error: unknown) => {
      const isThreadLost = await result.then(
        () => false,
        () => true,
      );
      if (isThreadLost || !counters.holdings.empty) await giveBackOf(counters, threadId);
      throw error;
    });
    reclaimed.catch(() => {}); // awaited by `run`
    return {
      counters,
      ended: reclaimed,
      start(startAtMs) {
        const start: Start = { startAtMs };
        port.postMessage(start);
      },
      readCpuUs: () => readCpuUsOfThread(threadId),
    };
  } finally {
    over.abort();
  }
}

async function settle(
  result: ReturnType<WorkerPool["dispatch"]>["result"],
): Promise<{ endedAtMs: number }> {
  const outcome = await result.catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    const hint = "Where memory ran out, fewer connections at once need less.";
    throw new ChurnError("E_AGENT", `A worker thread was lost: ${why}`, { hint, cause: error });
  });
  if (outcome.kind === "failed") throw reviveError(outcome.error, "E_AGENT");
  if (outcome.kind === "called-off") {
    const hint = "See what held this machine up, or the controller of its fleet, and try again.";
    throw new ChurnError("E_AGENT", "The start never came", { hint });
  }
  return { endedAtMs: outcome.endedAtMs };
}

/** A thread that is lost was terminated, or is about to end: nothing of it may be closed, or counted up, while it runs. */
async function giveBackOf({ holdings }: WorkerCounters, threadId: number): Promise<void> {
  if (await awaitThreadEnd(threadId)) holdings.giveBack();
}
