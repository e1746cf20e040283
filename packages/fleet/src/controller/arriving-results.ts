import { ChurnError, isErrorCode, type ShardReport } from "@churnlab/core";
import type { ResultPiece } from "../messages/result-piece.ts";
import { joinReport } from "../report-codec.ts";

/** The pieces of one agent's attempt, as far as they came: each once. */
export class ArrivingResults {
  readonly agent: string;
  readonly #pieces = new Map<number, ResultPiece>();
  readonly #deliveries: string[] = [];

  constructor(agent: string) {
    this.agent = agent;
  }

  /** Whether it is new. `delivery` is the subject on which it is acknowledged: a message itself would keep its whole packet. */
  add(piece: ResultPiece, delivery: string): boolean {
    this.#deliveries.push(delivery);
    if (this.#pieces.has(piece.seq)) return false;
    this.#pieces.set(piece.seq, piece);
    return true;
  }

  /** What is to be acknowledged so that none of it is delivered again. */
  get deliveries(): readonly string[] {
    return this.#deliveries;
  }

  /** In the order in which they were written. */
  get pieces(): readonly ResultPiece[] {
    return [...this.#pieces.values()].toSorted((a, b) => a.seq - b.seq);
  }

  /** Whether none is missing. */
  get isWhole(): boolean {
    const last = this.pieces.at(-1);
    if (last?.kind === "failure") return true;
    return last?.kind === "final" && this.#pieces.size > last.totals.parts;
  }

  /** What the whole says: the report; or the agent's own failure, or `E_AGENT` where the pieces do not add up. */
  conclude(): ShardReport | ChurnError {
    const last = this.pieces.at(-1);
    if (last?.kind === "failure") {
      const code = isErrorCode(last.code) ? last.code : "E_AGENT";
      return new ChurnError(code, `${this.agent}: ${last.message}`);
    }
    if (last?.kind !== "final") throw new Error(`the results of ${this.agent} are not whole`);
    const texts = this.pieces.flatMap((piece) => (piece.kind === "part" ? [piece.text] : []));
    const report = joinReport(texts, last.totals);
    if (typeof report !== "string") return report;
    return new ChurnError("E_AGENT", `The results of ${this.agent} do not add up: ${report}`);
  }

  /** The stream that they were of is gone: there is nothing to acknowledge. */
  forgetDeliveries(): void {
    this.#deliveries.length = 0;
  }
}
