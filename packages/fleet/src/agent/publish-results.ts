import { setTimeout as sleep } from "node:timers/promises";
import type { JetStreamClient } from "@nats-io/jetstream";
import { encodeMessage } from "../message-codec.ts";
import type { ResultPiece } from "../messages/result-piece.ts";
import { resultMessageId, resultSubject } from "../subjects.ts";

const RETRY_MS = 250;
const ACK_MS_MAX = 2000;

/** How much of it the stream has acknowledged, and how much of that it had already. */
export interface Delivery {
  readonly acknowledged: number;
  readonly known: number;
}

/**
 * Publishes each piece until the stream acknowledges it, under an id by which the stream drops what it has already. Ends early
 * only when the signal says that nobody waits any more.
 */
export async function publishResults(
  js: JetStreamClient,
  pieces: readonly ResultPiece[],
  signal: AbortSignal,
): Promise<Delivery> {
  let acknowledged = 0;
  let known = 0;
  for (const piece of pieces) {
    const { agent, run, key, seq } = piece;
    const id = { agent, run, ...key, seq };
    while (!signal.aborted) {
      try {
        const { duplicate } = await js.publish(resultSubject(id), encodeMessage(piece), {
          msgID: resultMessageId(id),
          timeout: ACK_MS_MAX,
        });
        acknowledged += 1;
        if (duplicate) known += 1;
        break;
      } catch {
        await sleep(RETRY_MS, undefined, { signal }).catch(() => {});
      }
    }
  }
  return { acknowledged, known };
}
