import { ChurnError } from "@churnlab/core";
import { reviveError } from "@churnlab/traffic";
import type { Container } from "../container.ts";
import { readFrames, writeFrame } from "./frames.ts";
import type {
  CallMessage,
  CallName,
  InsideCalls,
  InsideMessage,
  LiveLook,
} from "./inside-messages.ts";

/** The one that measures goes with the target; the engine tells of the two ends in either order. */
export const TARGET_END_MS_MAX = 1000;

interface Waiting {
  readonly resolve: (reply: never) => void;
  readonly reject: (error: Error) => void;
}

export interface InsideLinkOptions {
  /** The container that measures. */
  readonly agent: Container;
  /** The one that it measures. */
  readonly target: Container;
}

/** Calls to the container that measures beside the target, through the engine's command that is attached to it. */
export class InsideLink {
  readonly #options: InsideLinkOptions;
  readonly #waiting = new Map<number, Waiting>();
  #calls = 0;
  #lost: Error | null = null;
  /** Is given what is told unasked. */
  onLive: (live: LiveLook) => void = () => {};

  constructor(options: InsideLinkOptions) {
    this.#options = options;
    // What cannot be written any more is not answered either.
    options.agent.attached.stdin?.on("error", () => {});
    this.#listen().catch((error: Error) => this.#lose(error));
  }

  /** The answer. Rejects with the error of the other side, or with `E_AGENT` when it ends or is silent for too long. */
  async ask<Name extends CallName>(
    name: Name,
    order: InsideCalls[Name]["order"],
    withinMs: number,
  ): Promise<InsideCalls[Name]["reply"]> {
    if (this.#lost !== null) throw this.#lost;
    const { stdin } = this.#options.agent.attached;
    if (stdin === null) throw new Error("a container that measures is talked to");
    const id = ++this.#calls;
    const { promise, resolve, reject } = Promise.withResolvers<InsideCalls[Name]["reply"]>();
    this.#waiting.set(id, { resolve, reject });
    const late = new ChurnError(
      "E_AGENT",
      `The container that measures did not answer "${name}" in ${Math.round(withinMs)} ms`,
      { hint: "Is this machine too busy for the trial, or the container paused?" },
    );
    const timer = setTimeout(() => reject(late), withinMs);
    try {
      writeFrame(stdin, { id, name, order } satisfies CallMessage<Name>);
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(id);
    }
  }

  async #listen(): Promise<void> {
    const { stdout } = this.#options.agent.attached;
    if (stdout === null) throw new Error("a container that measures is listened to");
    for await (const message of readFrames(stdout)) this.#take(message as InsideMessage);
    this.#lose(await this.#explainEnd());
  }

  #take(message: InsideMessage): void {
    if ("live" in message) {
      this.onLive(message.live);
      return;
    }
    const waiting = this.#waiting.get(message.id);
    if ("error" in message) waiting?.reject(reviveError(message.error, "E_TESTBED"));
    else waiting?.resolve(message.reply as never);
  }

  #lose(error: Error): void {
    this.#lost = error;
    for (const { reject } of this.#waiting.values()) reject(error);
  }

  async #explainEnd(): Promise<ChurnError> {
    const { agent, target } = this.#options;
    const ended = await target.awaitEnd(TARGET_END_MS_MAX);
    const wrote = (ended === null ? agent : target).log.lastLines(5);
    const words = wrote === "" ? "It wrote nothing." : `It wrote:\n${wrote}`;
    return ended === null
      ? new ChurnError("E_AGENT", `The container that measures ended. ${words}`, {
          hint: "Build its image again from this version: docker build --target agent --tag churnlab-agent .",
        })
      : new ChurnError("E_TARGET", `The target is gone: ${ended}. ${words}`, {
          hint: "Let it stay in the foreground, whatever the load does to it.",
        });
  }
}
