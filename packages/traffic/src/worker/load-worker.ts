import { once } from "node:events";
import { currentThreadId, enterNetworkNamespace } from "@churnlab/linux";
import { loadEngine } from "../engines.ts";
import { recordError } from "../error-record.ts";
import { monotonicMs } from "../monotonic.ts";
import { WorkerCounters } from "../worker-counters.ts";
import type { Armed, LoadResult, LoadTask, Start } from "./load-task.ts";

/** An armed worker that is forgotten gives its thread back after this. */
const START_PATIENCE_MS = 15_000;

/** The task of a pool thread: enters the trial's namespace, waits for the common start, runs its part, and comes back. */
export default async function runLoad(task: LoadTask): Promise<LoadResult> {
  try {
    const engine = await loadEngine(task.engine);
    const { namespaceFd } = task;
    const inside = namespaceFd === null ? null : enterNetworkNamespace(namespaceFd);
    try {
      const startAtMs = await awaitStart(task);
      if (startAtMs === null) return { kind: "called-off" };
      await engine.run({ ...task.job, startAtMs }, new WorkerCounters(task.counters));
      return { kind: "done", endedAtMs: monotonicMs() };
    } finally {
      inside?.[Symbol.dispose]();
    }
  } catch (error) {
    return { kind: "failed", error: recordError(error) };
  } finally {
    task.port.close();
  }
}

async function awaitStart({ port }: LoadTask): Promise<number | null> {
  const armed: Armed = { threadId: currentThreadId() };
  const patience = AbortSignal.timeout(START_PATIENCE_MS);
  const start = once(port, "message", { signal: patience });
  port.postMessage(armed);
  try {
    const [message] = (await start) as [{ data: Start } | Start];
    return "data" in message ? message.data.startAtMs : message.startAtMs;
  } catch (error) {
    if (patience.aborted) return null;
    throw error;
  }
}
