import { fileURLToPath } from "node:url";
import { MessageChannel, type MessagePort, type Worker } from "node:worker_threads";
import { Piscina } from "piscina";
import { threadEntry } from "../thread-entry.ts";
import type { LoadResult, LoadTask } from "./load-task.ts";

/** Far above any sensible number; each concurrent task needs a thread of its own, because engines may block theirs. */
const THREADS_MAX = 512;

/** A task that has been given to a thread. */
export interface DispatchedLoad {
  readonly port: MessagePort;
  /** Rejects when the thread is lost; whatever the load itself meets is in the result. */
  readonly result: Promise<LoadResult>;
}

/** Threads for load, kept from trial to trial. One that is lost is replaced when the next task needs it. */
export class WorkerPool implements AsyncDisposable {
  readonly #pool: Piscina<LoadTask, LoadResult>;

  constructor() {
    const { url, execArgv } = threadEntry("worker/load-worker");
    this.#pool = new Piscina<LoadTask, LoadResult>({
      filename: fileURLToPath(url),
      execArgv,
      minThreads: 1,
      maxThreads: THREADS_MAX,
      idleTimeout: Number.POSITIVE_INFINITY,
    });
    // Reported by the task's promise as well; without a listener Node would end the process.
    this.#pool.on("error", () => {});
  }

  /** Starts the task on an idle or a new thread. Aborting the signal ends the thread. */
  dispatch(task: Omit<LoadTask, "port">, signal: AbortSignal): DispatchedLoad {
    const { port1: port, port2 } = new MessageChannel();
    const result = this.#pool.run({ ...task, port: port2 }, { transferList: [port2], signal });
    result.catch(() => {}).finally(() => port.close());
    return { port, result };
  }

  /** The threads that exist now. */
  get threads(): readonly Worker[] {
    return this.#pool.threads;
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
