import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { JetStreamApiError, type JetStreamClient, JetStreamError } from "@nats-io/jetstream";
import { encodeMessage } from "../message-codec.ts";
import type { ResultPiece } from "../messages/result-piece.ts";
import { RESULTS_STREAM, resultMessageId, resultSubject } from "../subjects.ts";

const RETRY_MS = 250;
const ACK_MS_MAX = 2000;

export interface PublishOptions {
  readonly signal: AbortSignal;
  /** Told once what keeps the stream from taking a piece, and once that it takes them again. */
  readonly log: (line: string) => void;
}

/**
 * Publishes each piece until the stream acknowledges it, under an id by which the stream drops what it has already of this call.
 * Pieces of an earlier one it takes again, and delivers them again. Ends early only when the signal says that nobody waits any
 * more. Resolves with how many were acknowledged.
 */
export async function publishResults(
  js: JetStreamClient,
  pieces: readonly ResultPiece[],
  { signal, log }: PublishOptions,
): Promise<number> {
  let acknowledged = 0;
  let isRefused = false;
  const report = randomUUID();
  const publish = async (piece: ResultPiece): Promise<void> => {
    const { agent, run, key, seq } = piece;
    const id = { agent, run, ...key, seq };
    const msgID = resultMessageId(id, report);
    while (!signal.aborted) {
      try {
        await js.publish(resultSubject(id), encodeMessage(piece), { msgID, timeout: ACK_MS_MAX });
        acknowledged += 1;
        return;
      } catch (error) {
        if (!isRefused) log(`${describe(piece)} are not taken: ${explain(error)}`);
        isRefused = true;
        await sleep(RETRY_MS, undefined, { signal }).catch(() => {});
      }
    }
  };
  // In whatever order they come: each has its number, and the last says how many there are.
  await Promise.all(pieces.map(publish));
  const [first] = pieces;
  if (isRefused && first !== undefined) {
    const came = acknowledged === pieces.length ? "are taken now" : "were not taken to the end";
    log(`${describe(first)} ${came}`);
  }
  return acknowledged;
}

function describe({ run, key }: ResultPiece): string {
  return `results of run ${run}, trial ${key.trial}, attempt ${key.attempt}`;
}

/** "maximum bytes exceeded", or "maximum messages exceeded", of a stream that rather refuses than drops. */
const STREAM_FULL = 10077;

function explain(error: unknown): string {
  const why = error instanceof Error ? error.message : String(error);
  const kept = "they are kept on disk and tried again";
  if (error instanceof JetStreamApiError && error.code === STREAM_FULL) {
    return `the stream ${RESULTS_STREAM} is full (${why}); ${kept}`;
  }
  if (error instanceof JetStreamError)
    return `no stream ${RESULTS_STREAM} takes them (${why}); ${kept}`;
  return `${why}; ${kept}`;
}
