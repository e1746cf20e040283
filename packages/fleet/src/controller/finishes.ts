import { setTimeout as sleep } from "node:timers/promises";
import type { TrialKey } from "../messages/trial-messages.ts";
import { HEARTBEAT_MS } from "../subjects.ts";
import type { LinkParts } from "./agent-link.ts";
import { askOnce } from "./ask-once.ts";
import { headOf } from "./asker.ts";

const ASKS_MAX = 10;
/** At the end of a run. */
const LAST_WORDS_MS_MAX = 5000;

/**
 * Tells agents that results of an attempt are kept, so that they need not keep them. One may be busy with its start, or the lock that
 * it is told under be taken anew, so it is told until it has understood; who is not told by then brings them again when it is
 * started anew. The end of a run waits a little for those who are being told.
 */
export class Finishes implements AsyncDisposable {
  readonly #parts: Pick<LinkParts, "nc" | "asker">;
  readonly #telling = new Set<Promise<void>>();

  constructor(parts: Pick<LinkParts, "nc" | "asker">) {
    this.#parts = parts;
  }

  tell(agent: string, key: TrialKey): void {
    const telling = this.#untilUnderstood(agent, key).finally(() => {
      this.#telling.delete(telling);
    });
    this.#telling.add(telling);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const patience = sleep(LAST_WORDS_MS_MAX, undefined, { ref: false });
    await Promise.race([Promise.all(this.#telling), patience]);
  }

  async #untilUnderstood(agent: string, key: TrialKey): Promise<void> {
    const { nc, asker } = this.#parts;
    for (let asks = 0; asks < ASKS_MAX && !nc.isClosed(); asks++) {
      try {
        await askOnce(nc, { ...headOf(asker, agent), verb: "finish", body: { key } });
        return;
      } catch {
        await sleep(HEARTBEAT_MS, undefined, { ref: false });
      }
    }
  }
}
