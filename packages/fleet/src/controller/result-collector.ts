import { ChurnError, type ResultPieceId, type ShardReport } from "@churnlab/core";
import {
  AckPolicy,
  type ConsumerMessages,
  type ConsumerNotification,
  DeliverPolicy,
  JetStreamApiError,
  type JetStreamClient,
  type JetStreamManager,
  type JsMsg,
} from "@nats-io/jetstream";
import { decodeMessage, encodeMessage } from "../message-codec.ts";
import { type ResultPiece, resultPieceSchema } from "../messages/result-piece.ts";
import type { TrialKey } from "../messages/trial-messages.ts";
import { agentOf, RESULTS_STREAM, resultsOfRun } from "../subjects.ts";
import { ArrivingResults } from "./arriving-results.ts";
import { isMissing } from "./lock-store.ts";
import type { ResultLedger } from "./result-ledger.ts";
import type { ResultsRoom } from "./results-room.ts";
import { makeResultsStream } from "./results-stream.ts";

/** A controller that dies leaves its pieces to be delivered again after this. */
const ACK_WAIT_NS = 10 * 60 * 1e9;
const UNACKED_MAX = 20_000;
/** Until a piece that could not be taken comes again. */
const REDELIVER_MS = 1000;
/** Pieces that the server sends before it is asked for more: a thousand agents report at one time, two pieces each. */
const PULLED_MAX = 2000;
/**
 * For so long a server is asked for pieces at one time, and so long the client waits before it asks one that is back and could
 * not answer: with the client's own 30 s, a trial's results would be overdue before.
 */
const PULL_MS = 2000;
/** "filtered consumer not unique on workqueue stream": of the run there is one. */
const CONSUMER_NOT_UNIQUE = 10100;
/** What the client says of a consumer that may be gone, or whose stream is. */
const MISSED: ReadonlySet<ConsumerNotification["type"]> = new Set([
  "consumer_deleted",
  "consumer_not_found",
  "heartbeats_missed",
  "stream_not_found",
] as const);
/** Attempts that are over and of which not all pieces have come; of more, the oldest is left to be delivered again. */
const LATE_MAX = 256;

/** Who waits for a report. */
interface Waiting {
  readonly resolve: (report: ShardReport) => void;
  readonly reject: (error: ChurnError) => void;
}

interface Expected {
  readonly arriving: ArrivingResults;
  /** null once it was told: its promise would keep the report. */
  waiting: Waiting | null;
}

export interface CollectorParts {
  /** Unique per controller process. */
  readonly holder: string;
  /**
   * Whether the run is this controller's now: where it was silent for too long, another may have taken it up. Rejects where that
   * cannot be told.
   */
  readonly isOwn: () => Promise<boolean>;
  readonly js: JetStreamClient;
  readonly jsm: JetStreamManager;
  readonly ledger: ResultLedger;
  readonly room: Pick<ResultsRoom, "findShortage">;
  /** Says to the server that what came on this subject is stored. */
  readonly acknowledge: (delivery: string) => void;
  /** Told of results that came when their attempt was over, once they are kept: the agent need not keep them. */
  readonly onLate: (agent: string, key: TrialKey) => void;
}

/** Gathers agents' results of one run. A piece counts once, whatever the server delivers; it is acknowledged once it is stored. */
export class ResultCollector implements AsyncDisposable {
  readonly #parts: CollectorParts;
  readonly #run: string;
  readonly #expected = new Map<string, Expected>();
  readonly #late = new Map<string, ArrivingResults>();
  /** Pieces that came again. */
  duplicates = 0;
  /** Messages that are no piece of an agent's own results. */
  strays = 0;
  readonly #strayed = new Map<string, number>();
  #messages: ConsumerMessages | null = null;
  #reopening: Promise<void> | null = null;

  static async open(run: string, parts: CollectorParts): Promise<ResultCollector> {
    const collector = new ResultCollector(run, parts);
    await collector.#consume();
    return collector;
  }

  private constructor(run: string, parts: CollectorParts) {
    this.#run = run;
    this.#parts = parts;
  }

  /**
   * Makes stream and consumer again where the server lost them, so that agents can bring what they have, and leaves them to who
   * took the run up. Rejects where the server can neither do it now, nor say whose the run is.
   */
  async reopen(): Promise<void> {
    this.#reopening ??= this.#reopen().finally(() => {
      this.#reopening = null;
    });
    await this.#reopening;
  }

  async #reopen(): Promise<void> {
    const { jsm } = this.#parts;
    try {
      await jsm.consumers.info(RESULTS_STREAM, this.#durable);
      return;
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
    if (!(await this.#parts.isOwn())) return; // who has the run took it away
    // A message of the lost stream has the number of another in the new one.
    for (const { arriving } of this.#expected.values()) arriving.forgetDeliveries();
    for (const arriving of this.#late.values()) arriving.forgetDeliveries();
    await makeResultsStream(jsm);
    await this.#consume();
  }

  /** The report of an agent's attempt. Rejects with `E_AGENT` where it does not add up, or with the agent's own failure. */
  expect(agent: string, key: TrialKey): Promise<ShardReport> {
    return new Promise((resolve, reject) => {
      const arriving = new ArrivingResults(agent);
      this.#expected.set(idOf(agent, key), { arriving, waiting: { resolve, reject } });
    });
  }

  /** Why no results may have come, as far as the server shows it: to be put after a sentence. */
  async explainSilence(): Promise<string> {
    try {
      const shortage = await this.#parts.room.findShortage();
      return shortage === null ? "" : `: ${shortage.message}. ${shortage.hint ?? ""}`;
    } catch {
      return ": the server's JetStream does not answer";
    }
  }

  /** Whether the stream is known to take no results. */
  async isShort(): Promise<boolean> {
    const shortage = await this.#parts.room.findShortage().catch(() => null);
    return shortage !== null;
  }

  /** The pieces that an agent's report was made of. */
  piecesOf(agent: string, key: TrialKey): ResultPieceId[] {
    const pieces = this.#expected.get(idOf(agent, key))?.arriving.pieces ?? [];
    return pieces.map(identify);
  }

  /**
   * An attempt is stored, with the reports of these agents: they need not be delivered again. What the others sent came too late
   * for it.
   */
  settle(key: TrialKey, stored: ReadonlySet<string>): void {
    for (const [id, { arriving }] of this.#expected) {
      if (!id.endsWith(suffixOf(key))) continue;
      this.#expected.delete(id);
      if (stored.has(arriving.agent)) this.#acknowledge(arriving);
      else if (arriving.pieces.length > 0) this.#keepLate(id, key, arriving);
    }
  }

  /** Who published what is no piece of its own results since this was last asked, and how often. */
  takeStrays(): ReadonlyMap<string, number> {
    const strayed = new Map(this.#strayed);
    this.#strayed.clear();
    return strayed;
  }

  /** What still waits there of the run, if that is still this controller's, is of attempts that are over: agents have it on disk, for a controller that resumes the run. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { jsm } = this.#parts;
    await this.#messages?.close();
    await jsm.consumers.delete(RESULTS_STREAM, this.#durable).catch(() => {});
    if (!(await this.#parts.isOwn().catch(() => false))) return;
    await jsm.streams.purge(RESULTS_STREAM, { filter: resultsOfRun(this.#run) }).catch(() => {});
  }

  get #durable(): string {
    return `run_${this.#run}_${this.#parts.holder}`;
  }

  async #consume(): Promise<void> {
    await this.#addConsumer().catch(async (error: unknown) => {
      if (!(error instanceof JetStreamApiError) || error.code !== CONSUMER_NOT_UNIQUE) throw error;
      await this.#removePredecessors();
      await this.#addConsumer();
    });
    const consumer = await this.#parts.js.consumers.get(RESULTS_STREAM, this.#durable);
    // Only now: those of before say when the consumer is missed, and ask for it again if this could not be done.
    this.#messages?.stop();
    const messages = await consumer.consume({
      max_messages: PULLED_MAX,
      expires: PULL_MS,
      callback: (message) => this.#tryToTake(message),
    });
    this.#messages = messages;
    void this.#follow(messages);
  }

  async #addConsumer(): Promise<void> {
    await this.#parts.jsm.consumers.add(RESULTS_STREAM, {
      durable_name: this.#durable,
      filter_subject: resultsOfRun(this.#run),
      ack_policy: AckPolicy.Explicit,
      deliver_policy: DeliverPolicy.All,
      ack_wait: ACK_WAIT_NS,
      max_ack_pending: UNACKED_MAX,
    });
  }

  /** Those of controllers that had the run before: what they have not acknowledged is delivered to this one. */
  async #removePredecessors(): Promise<void> {
    const { consumers } = this.#parts.jsm;
    for await (const { name, config } of consumers.list(RESULTS_STREAM)) {
      if (config.filter_subject !== resultsOfRun(this.#run)) continue;
      await consumers.delete(RESULTS_STREAM, name).catch(() => {});
    }
  }

  /** Somebody may take the stream or the consumer away while a trial waits for its results. */
  async #follow(messages: ConsumerMessages): Promise<void> {
    for await (const { type } of messages.status()) {
      // One that cannot be had now is missed again in a moment.
      if (MISSED.has(type) && messages === this.#messages) await this.reopen().catch(() => {});
    }
  }

  /** What cannot be looked up in the database now is delivered again: an exception here would end the reading of all others. */
  #tryToTake(message: JsMsg): void {
    try {
      this.#take(message);
    } catch {
      message.nak(REDELIVER_MS);
    }
  }

  #take(message: JsMsg): void {
    const piece = readPiece(message);
    if (piece === null) {
      this.#noteStray(message);
      message.term();
      return;
    }
    const id = idOf(piece.agent, piece.key);
    const expected = this.#expected.get(id);
    if (expected === undefined) return this.#takeLate(id, piece, message);
    if (!expected.arriving.add(piece, deliveryOf(message))) {
      this.duplicates += 1;
      return;
    }
    const { arriving, waiting } = expected;
    if (waiting === null || !arriving.isWhole) return;
    expected.waiting = null;
    const whole = conclude(arriving);
    if (whole instanceof Error) waiting.reject(whole);
    else waiting.resolve(whole);
  }

  #acknowledge({ deliveries }: ArrivingResults): void {
    for (const delivery of deliveries) this.#parts.acknowledge(delivery);
  }

  #noteStray({ subject }: JsMsg): void {
    const publisher = agentOf(subject);
    this.strays += 1;
    this.#strayed.set(publisher, (this.#strayed.get(publisher) ?? 0) + 1);
  }

  #takeLate(id: string, piece: ResultPiece, message: JsMsg): void {
    if (this.#parts.ledger.has(identify(piece))) {
      this.duplicates += 1;
      message.ack();
      if (piece.kind !== "part") this.#parts.onLate(piece.agent, piece.key);
      return;
    }
    const arriving = this.#late.get(id) ?? new ArrivingResults(piece.agent);
    if (!arriving.add(piece, deliveryOf(message))) this.duplicates += 1;
    this.#keepLate(id, piece.key, arriving);
  }

  /** Kept beside the run when they are whole. */
  #keepLate(id: string, key: TrialKey, arriving: ArrivingResults): void {
    this.#late.set(id, arriving);
    if (!arriving.isWhole) {
      const [oldest = id] = this.#late.keys();
      if (this.#late.size > LATE_MAX) this.#late.delete(oldest);
      return;
    }
    this.#late.delete(id);
    const { ledger, onLate } = this.#parts;
    try {
      ledger.keepLate(
        arriving.pieces.map((piece) => ({ ...identify(piece), text: encodeMessage(piece) })),
      );
    } catch {
      return; // not acknowledged: a later controller of the run is given them again
    }
    this.#acknowledge(arriving);
    onLate(arriving.agent, key);
  }
}

/** null: it is none, or not of the agent that published it. Whose it is, the subject says: an agent may publish to its own only. */
function readPiece(message: JsMsg): ResultPiece | null {
  try {
    const piece = decodeMessage(message.data, resultPieceSchema);
    return piece.agent === agentOf(message.subject) ? piece : null;
  } catch {
    return null;
  }
}

/** Whatever an agent sent as its report: it fails that report, and not the reading of all others. */
function conclude(arriving: ArrivingResults): ShardReport | ChurnError {
  try {
    return arriving.conclude();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    return new ChurnError("E_AGENT", `The results of ${arriving.agent} make no sense: ${why}`, {
      cause,
    });
  }
}

/** The subject on which it is acknowledged: the message has it, and its type leaves it out. */
function deliveryOf(message: JsMsg): string {
  return (message as JsMsg & { readonly reply: string }).reply;
}

function identify({ agent, key, seq }: ResultPiece): ResultPieceId {
  return { trial: key.trial, attempt: key.attempt, agent, piece: seq };
}

function idOf(agent: string, key: TrialKey): string {
  return `${agent}${suffixOf(key)}`;
}

function suffixOf({ trial, attempt }: TrialKey): string {
  return `/${trial}/${attempt}`;
}
