import { setTimeout as sleep } from "node:timers/promises";
import type { TrialKey } from "../messages/trial-messages.ts";
import { HEARTBEAT_MS } from "../subjects.ts";
import type { LinkParts } from "./agent-link.ts";
import { askOnce } from "./ask-once.ts";
import { headOf } from "./asker.ts";

const ASKS_MAX = 10;

/**
 * Tells an agent that results of an attempt that is over are kept, so that it need not keep them. It may be busy with its start, or
 * the lock that it is told under be taken anew, when they come; who is not told by then brings them again when it is started anew.
 */
export async function finishLate(
  { nc, asker }: Pick<LinkParts, "nc" | "asker">,
  agent: string,
  key: TrialKey,
): Promise<void> {
  for (let asks = 0; asks < ASKS_MAX && !nc.isClosed(); asks++) {
    try {
      await askOnce(nc, { ...headOf(asker, agent), verb: "finish", body: { key } });
      return;
    } catch {
      await sleep(HEARTBEAT_MS, undefined, { ref: false });
    }
  }
}
