import { Worker } from "node:worker_threads";
import { type PageAnswer, type PageTask, reviveFailure } from "./page-messages.ts";
import type { PageOrder } from "./page-order.ts";

/** Pages that may wait; whoever asks for more is told to come again. */
const WAITING_MAX = 16;
/** A page takes seconds at worst; beyond this the thread is given up. */
const BUILD_MS_MAX = 60_000;
/** A page that takes more memory than this ends its thread, not the run. */
const HEAP_MB_MAX = 1024;

export interface PageWish {
  /** Whether it is wanted compressed (gzip). */
  readonly zipped: boolean;
  /** Whether whoever asked still waits. */
  readonly isWanted: () => boolean;
}

interface Waiting extends PageWish {
  readonly order: PageOrder;
  readonly resolve: (bytes: Uint8Array) => void;
  readonly reject: (error: Error) => void;
}

/** A page that cannot be had now; asked again later, it may. */
class PageUnavailable extends Error {
  readonly statusCode = 503;
}

/**
 * Builds pages away from the thread that serves them, which may be the one that samples a run: one at a time, over a reader of
 * its own. The thread is started with the first order, and keeps no process alive.
 */
export class PageThread implements AsyncDisposable {
  readonly #path: string;
  readonly #waiting: Waiting[] = [];
  #worker: Worker | null = null;
  #current: Waiting | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isOver = false;

  constructor(path: string) {
    this.#path = path;
  }

  /** Rejects with what the building threw, or with a 503 where it cannot be built now. */
  build(order: PageOrder, wish: PageWish): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      if (this.#isOver) {
        reject(new PageUnavailable("the dashboard is closed"));
      } else if (this.#waiting.length >= WAITING_MAX) {
        reject(new PageUnavailable("too many pages are being built; try again"));
      } else {
        this.#waiting.push({ order, ...wish, resolve, reject });
        this.#begin();
      }
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    const over = new PageUnavailable("the dashboard is closed");
    for (const { reject } of this.#waiting.splice(0)) reject(over);
    await this.#abandon(over);
  }

  #begin(): void {
    if (this.#current !== null || this.#isOver) return;
    const next = this.#waiting.shift();
    if (next === undefined) return;
    if (!next.isWanted()) {
      next.reject(new PageUnavailable("nobody waits for it"));
      this.#begin();
      return;
    }
    this.#current = next;
    this.#timer = setTimeout(() => {
      void this.#abandon(new PageUnavailable(`it was not built within ${BUILD_MS_MAX / 1000} s`));
      this.#begin();
    }, BUILD_MS_MAX);
    this.#timer.unref();
    this.#worker ??= this.#start();
    const task: PageTask = { path: this.#path, order: next.order, zipped: next.zipped };
    this.#worker.postMessage(task);
  }

  #start(): Worker {
    // Run from sources, a thread resolves the other packages to their sources too, whatever the flags of the process.
    const fromSources = import.meta.url.endsWith(".ts");
    const worker = new Worker(
      new URL(`./page-worker${fromSources ? ".ts" : ".js"}`, import.meta.url),
      {
        name: "churnlab pages",
        execArgv: fromSources ? ["--conditions=@churnlab/source"] : [],
        resourceLimits: { maxOldGenerationSizeMb: HEAP_MB_MAX },
      },
    );
    worker.unref();
    worker.on("message", (answer: PageAnswer) => {
      if (worker !== this.#worker) return;
      const done = this.#take();
      if (answer.kind === "built") done?.resolve(answer.bytes);
      else done?.reject(reviveFailure(answer.error));
      this.#begin();
    });
    const lose = (error: Error): void => {
      if (worker !== this.#worker) return;
      this.#worker = null;
      this.#take()?.reject(error);
      this.#begin();
    };
    worker.on("error", lose);
    worker.on("exit", (code) => lose(new Error(`the thread of the pages ended with code ${code}`)));
    return worker;
  }

  #take(): Waiting | null {
    clearTimeout(this.#timer);
    const done = this.#current;
    this.#current = null;
    return done;
  }

  async #abandon(reason: Error): Promise<void> {
    const worker = this.#worker;
    this.#worker = null;
    this.#take()?.reject(reason);
    await worker?.terminate();
  }
}
