import { ChurnError, ERROR_CODES, type ErrorCode, type ShardReport } from "@churnlab/core";
import {
  AckPolicy,
  DeliverPolicy,
  type JetStreamClient,
  type JetStreamManager,
  type JsMsg,
} from "@nats-io/jetstream";
import { decodeMessage } from "../message-codec.ts";
import { type ResultPiece, resultPieceSchema } from "../messages/result-piece.ts";
import type { TrialKey } from "../messages/trial-messages.ts";
import { joinReport } from "../report-codec.ts";
import { RESULTS_STREAM, resultsOfRun } from "../subjects.ts";

/** A controller that dies leaves its pieces to be delivered again after this. */
const ACK_WAIT_NS = 10 * 60 * 1e9;
const UNACKED_MAX = 20_000;

interface Expected {
  readonly pieces: Map<number, ResultPiece>;
  readonly messages: JsMsg[];
  readonly resolve: (report: ShardReport) => void;
  readonly reject: (error: ChurnError) => void;
}

/** Gathers agents' results of one run. A piece counts once, whatever the server delivers; it is acknowledged once it is stored. */
export class ResultCollector implements AsyncDisposable {
  readonly #expected = new Map<string, Expected>();
  /** Pieces that came again. */
  duplicates = 0;
  /** Pieces of attempts that nobody waits for. */
  strays = 0;
  #stop: () => Promise<unknown> = async () => {};

  static async open(
    run: string,
    { js, jsm }: { readonly js: JetStreamClient; readonly jsm: JetStreamManager },
  ): Promise<ResultCollector> {
    const collector = new ResultCollector();
    const durable = `run_${run}`;
    await jsm.consumers.add(RESULTS_STREAM, {
      durable_name: durable,
      filter_subject: resultsOfRun(run),
      ack_policy: AckPolicy.Explicit,
      deliver_policy: DeliverPolicy.All,
      ack_wait: ACK_WAIT_NS,
      max_ack_pending: UNACKED_MAX,
    });
    const consumer = await js.consumers.get(RESULTS_STREAM, durable);
    const messages = await consumer.consume({ callback: (message) => collector.#take(message) });
    collector.#stop = async () => {
      await messages.close();
      await jsm.consumers.delete(RESULTS_STREAM, durable).catch(() => {});
    };
    return collector;
  }

  private constructor() {}

  /** The report of an agent's attempt. Rejects with `E_AGENT` where it does not add up, or with the agent's own failure. */
  expect(agent: string, key: TrialKey): Promise<ShardReport> {
    return new Promise((resolve, reject) => {
      this.#expected.set(idOf(agent, key), { pieces: new Map(), messages: [], resolve, reject });
    });
  }

  /** The results of an attempt are stored, or of no use: they need not be delivered again. */
  settle(key: TrialKey): void {
    for (const [id, { messages }] of this.#expected) {
      if (!id.endsWith(suffixOf(key))) continue;
      for (const message of messages) message.ack();
      this.#expected.delete(id);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop();
  }

  #take(message: JsMsg): void {
    let piece: ResultPiece;
    try {
      piece = decodeMessage(message.data, resultPieceSchema);
    } catch {
      this.strays += 1;
      message.term();
      return;
    }
    // Whose it is, the subject says: what an agent may publish to is its own.
    const [, , agent] = message.subject.split(".");
    const expected = this.#expected.get(idOf(piece.agent, piece.key));
    if (expected === undefined || piece.agent !== agent) {
      this.strays += 1;
      message.ack();
      return;
    }
    expected.messages.push(message);
    if (expected.pieces.has(piece.seq)) {
      this.duplicates += 1;
      return;
    }
    expected.pieces.set(piece.seq, piece);
    conclude(piece.agent, expected);
  }
}

function conclude(agent: string, { pieces, resolve, reject }: Expected): void {
  const all = [...pieces.values()].toSorted((a, b) => a.seq - b.seq);
  const last = all.at(-1);
  if (last?.kind === "failure") {
    const code = last.code in ERROR_CODES ? (last.code as ErrorCode) : "E_AGENT";
    reject(new ChurnError(code, `${agent}: ${last.message}`));
  }
  if (last?.kind !== "final" || all.length <= last.totals.parts) return;
  const texts = all.flatMap((piece) => (piece.kind === "part" ? [piece.text] : []));
  const report = joinReport(texts, last.totals);
  if (typeof report !== "string") return resolve(report);
  reject(new ChurnError("E_AGENT", `The results of ${agent} do not add up: ${report}`));
}

function idOf(agent: string, key: TrialKey): string {
  return `${agent}${suffixOf(key)}`;
}

function suffixOf({ trial, attempt }: TrialKey): string {
  return `/${trial}/${attempt}`;
}
