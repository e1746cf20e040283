import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { ChurnError } from "@churnlab/core";
import { reviveError } from "../error-record.ts";
import { threadEntry } from "../thread-entry.ts";
import type { Listening, ServeOrder, TargetMessage } from "./target-messages.ts";

/** Starting to listen, and stopping, take a few milliseconds; beyond this the thread is considered lost. */
const PATIENCE_MS = 5000;

/**
 * A thread that serves one target after another. Starting a thread costs as much as the rest of a trial's set-up, so
 * `TargetThreads` keeps it. It keeps no process alive while it has nothing to serve.
 */
export class TargetThread {
  readonly #worker: Worker;
  readonly threadId: number;
  /** What happened, once the thread or its server has ended by itself. */
  #lost: string | null = null;
  #bug: Error | null = null;
  #stopping = false;

  static async start(): Promise<TargetThread> {
    const { url, execArgv } = threadEntry("target/target-worker");
    const worker = new Worker(url, { execArgv, name: "churnlab target" });
    const [message] = (await once(worker, "message")) as [TargetMessage];
    if (message.kind !== "ready") throw new Error(`unexpected ${message.kind}`);
    worker.unref();
    return new TargetThread(worker, message.threadId);
  }

  private constructor(worker: Worker, threadId: number) {
    this.#worker = worker;
    this.threadId = threadId;
    worker.on("error", (error: Error) => {
      this.#lost ??= `the target thread failed: ${error.message}`;
    });
    worker.on("exit", (code) => {
      this.#lost ??= `the target thread ended with code ${code}`;
    });
    worker.on("message", (message: TargetMessage) => {
      if (message.kind === "failed") this.#fail(reviveError(message.error, "E_TARGET"));
      if (message.kind === "ended" && !this.#stopping) this.#lost ??= "the target ended by itself";
    });
  }

  get lost(): string | null {
    return this.#lost;
  }

  /** What was thrown that nobody but a programmer can mend; null while nothing was. */
  get bug(): Error | null {
    return this.#bug;
  }

  /** Resolves when the server listens. Rejects with `E_TARGET`, or with what the server threw. */
  async serve(order: ServeOrder): Promise<Listening> {
    this.#worker.ref();
    this.#stopping = false;
    const answer = this.#next();
    this.#worker.postMessage(order);
    const message = await answer;
    if (message.kind === "listening") return message;
    this.#worker.unref();
    if (message.kind !== "failed") throw new Error(`unexpected ${message.kind}`);
    this.#lost = null;
    this.#bug = null;
    throw reviveError(message.error, "E_TARGET");
  }

  /** Resolves when every socket is closed and the thread is back home. `requestStop` sets the server's stop flag. */
  async stop(requestStop: () => void): Promise<void> {
    this.#stopping = true;
    if (this.#lost === null) {
      const answer = this.#next();
      requestStop();
      await answer;
    }
    this.#worker.unref();
  }

  async terminate(): Promise<void> {
    this.#lost ??= "it was terminated";
    await this.#worker.terminate();
  }

  #fail(error: Error): void {
    this.#lost ??= error.message;
    if (!(error instanceof ChurnError)) this.#bug ??= error;
  }

  /** The next message. Rejects with `E_TARGET` when the thread ends or keeps silent instead. */
  async #next(): Promise<TargetMessage> {
    const over = new AbortController();
    const timer = setTimeout(() => {
      this.#lost ??= `the target thread did not answer within ${PATIENCE_MS} ms`;
      over.abort();
    }, PATIENCE_MS);
    const exit = once(this.#worker, "exit", { signal: over.signal });
    try {
      const [message] = await Promise.race([
        once(this.#worker, "message", { signal: over.signal }),
        exit.then(() => Promise.reject(new Error("the target thread ended"))),
      ]);
      return message as TargetMessage;
    } catch (error) {
      const hint = "See whether this machine is overloaded or out of memory, and try again.";
      throw new ChurnError("E_TARGET", this.#lost ?? String(error), { hint, cause: error });
    } finally {
      clearTimeout(timer);
      over.abort();
    }
  }
}
