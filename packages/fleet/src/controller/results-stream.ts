import { ChurnError } from "@churnlab/core";
import {
  DiscardPolicy,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
  type StreamState,
} from "@nats-io/jetstream";
import { RESULTS_STREAM, RESULTS_SUBJECTS, resultsOfRun } from "../subjects.ts";

const DAY_NS = 24 * 3600 * 1e9;
const RESULT_BYTES_MAX = 512 * 1024 * 1024;
/** Small ones fill no stream of bytes, but what the server knows of each is no smaller for that. */
const RESULTS_MAX = 100_000;
/** Of a piece: its characters, all escaped or of three bytes, and whose it is. */
const PIECE_BYTES_MAX = 512 * 1024;
/** An agent asks for an acknowledgement every few seconds: what it repeats comes well within this. */
const DUPLICATE_WINDOW_NS = 10 * 60 * 1e9;
/** What the report of one agent takes at most, about. */
const REPORT_BYTES = 64 * 1024;
const REPORT_PIECES = 8;

/**
 * The stream in which results wait until their controller has stored them: a message is removed when it is acknowledged, and by
 * nothing else for a week. A full stream takes no more, rather than drop what nobody has stored; a piece that is published again
 * takes the place of the one before. One that is there already keeps the limits of its operator.
 */
export async function makeResultsStream(jsm: JetStreamManager): Promise<void> {
  await jsm.streams
    .add({
      name: RESULTS_STREAM,
      subjects: [RESULTS_SUBJECTS],
      retention: RetentionPolicy.Workqueue,
      storage: StorageType.File,
      discard: DiscardPolicy.New,
      max_age: 7 * DAY_NS,
      max_bytes: RESULT_BYTES_MAX,
      max_msgs: RESULTS_MAX,
      max_msg_size: PIECE_BYTES_MAX,
      max_msgs_per_subject: 1,
      duplicate_window: DUPLICATE_WINDOW_NS,
    })
    .catch(async (error: unknown) => {
      await jsm.streams.info(RESULTS_STREAM).catch(() => {
        throw error;
      });
    });
}

function kib(bytes: number): string {
  return `${Math.floor(bytes / 1024)} KiB`;
}

/** null: there is room. A limit that is not above 0 is none. */
function findFullness(
  { max_bytes: bytesMax, max_msgs: messagesMax }: StreamConfig,
  { bytes, messages }: StreamState,
  agents: number,
): string | null {
  const freeBytes = Math.max(0, bytesMax - bytes);
  const needed = agents * REPORT_BYTES;
  if (bytesMax > 0 && freeBytes < needed) {
    return `${kib(freeBytes)} of ${kib(bytesMax)} are free, and ${agents} agents need ${kib(needed)}`;
  }
  const free = Math.max(0, messagesMax - messages);
  if (messagesMax <= 0 || free >= agents * REPORT_PIECES) return null;
  return `${free} of ${messagesMax} messages are free, and ${agents} agents need ${agents * REPORT_PIECES}`;
}

/** Throws `E_NATS` where the stream has no room for the reports of so many agents: their load would be for nothing. */
export async function requireRoom(jsm: JetStreamManager, agents: number): Promise<void> {
  const { config, state } = await jsm.streams.info(RESULTS_STREAM);
  if (config.discard !== DiscardPolicy.New) {
    throw new ChurnError(
      "E_NATS",
      `The stream ${RESULTS_STREAM} drops old messages when it is full, also results that nobody has stored`,
      {
        hint: `Have it refuse new ones instead: nats stream edit ${RESULTS_STREAM} --discard new.`,
      },
    );
  }
  const why = findFullness(config, state, agents);
  if (why === null) return;
  throw new ChurnError("E_NATS", `The stream ${RESULTS_STREAM} is full: ${why}`, {
    hint: `Resume the runs whose results wait there (churnlab run --resume RUN), or drop those of one that is over: nats stream purge ${RESULTS_STREAM} --subject '${resultsOfRun("RUN")}'. Without a subject results that a trial waits for go, too.`,
  });
}
