import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import { ChurnError } from "@churnlab/core";
import { decodeMessage } from "../message-codec.ts";
import type { Request } from "../messages/envelope.ts";
import { type Fence, fenceSchema, isBefore, NO_FENCE } from "../messages/fence.ts";
import { addressOf, isLoopback, portOf } from "../server-url.ts";
import { writeDurably } from "./write-durably.ts";

/** Of whose server it is: names of hosts may be longer than those of files. */
const ID_LENGTH = 12;

/** Whose fence, and of which server. */
export interface FencedAgent {
  readonly agent: string;
  /** URL of the server. */
  readonly server: string;
  /** PEM of the authority that vouches for the server; null: none that is the fleet's own. */
  readonly ca: string | null;
}

/**
 * The newest fence that an agent was asked under, on its disk: a controller that lost its lock is refused also by an agent that
 * was started anew since. Fences are of the server, so that they hold whatever host or boot the agent is of, and those of two
 * servers say nothing of each other: each has a file of its own. Which server it is, the authority of its fleet says, however its
 * URL is spelled; where there is none, the URL does, loopback under all its names being one.
 */
export class KeptFence {
  readonly #agent: string;
  readonly #server: string;
  readonly #file: string;
  #newest: Fence;

  /** `directory`: of this user alone. Throws `E_DISK` where the file is not what was written: nobody knows then who is stale. */
  constructor(directory: string, fenced: FencedAgent) {
    this.#agent = fenced.agent;
    this.#server = addressOf(fenced.server);
    this.#file = fenceFile(directory, fenced);
    this.#newest = this.#read();
  }

  /**
   * Refuses with `E_FLEET_LOCKED` what comes from a controller that lost its lock. Of any other the fence is on disk when this
   * returns; throws `E_DISK` where it cannot be.
   */
  admit({ fence, run }: Pick<Request, "fence" | "run">): void {
    if (isBefore(fence, this.#newest)) {
      throw new ChurnError(
        "E_FLEET_LOCKED",
        `${this.#agent} serves a newer controller than ${run}`,
        {
          hint: `Where ${this.#server} is another NATS server than before, or its clock was set back and its files were lost: end the agent, remove ${this.#file} on its host, and start it again.`,
        },
      );
    }
    if (!isBefore(this.#newest, fence)) return;
    this.#write(fence);
    this.#newest = fence;
  }

  #read(): Fence {
    let text: string;
    try {
      text = readFileSync(this.#file, "utf8");
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === "ENOENT") return NO_FENCE;
      throw this.#refuse("cannot be read", cause);
    }
    try {
      return decodeMessage(text, fenceSchema);
    } catch (cause) {
      throw this.#refuse("is not understood", cause);
    }
  }

  #write(fence: Fence): void {
    try {
      writeDurably(this.#file, JSON.stringify(fence));
    } catch (cause) {
      const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
      throw new ChurnError("E_DISK", `The newest lock cannot be noted in ${this.#file} (${code})`, {
        hint: "Free some space there, or name another directory with --spool.",
        cause,
      });
    }
  }

  #refuse(why: string, cause: unknown): ChurnError {
    const message = `${this.#file} ${why}: it says which controllers of ${this.#agent} are stale`;
    return new ChurnError("E_DISK", message, {
      hint: "Once no controller of an earlier run is left, remove it and start the agent again.",
      cause,
    });
  }
}

/** Where the fence is kept. */
export function fenceFile(directory: string, { agent, server, ca }: FencedAgent): string {
  const whose =
    ca?.trim() ?? (isLoopback(server) ? `loopback:${portOf(server)}` : addressOf(server));
  const id = createHash("sha256").update(whose).digest("hex").slice(0, ID_LENGTH);
  return path.join(directory, `fence-${agent}.${id}.json`);
}
