import { HEAD_BYTES_MAX } from "../limits.ts";
import { findHeadEnd } from "./head-fields.ts";

const NOTHING = new Uint8Array(0);

/** Bytes that begin with a whole head: `bytes[from..headEnd)`; what follows it is `bytes[headEnd..to)`. */
export interface GatheredHead {
  readonly bytes: Uint8Array;
  readonly from: number;
  readonly headEnd: number;
  readonly to: number;
}

/** Collects the pieces in which a head arrives. A head that comes whole, the usual case, is not copied. */
export class HeadGatherer {
  #pieces: Uint8Array = NOTHING;

  /** Whether no part of a head is kept. */
  get empty(): boolean {
    return this.#pieces.length === 0;
  }

  reset(): void {
    this.#pieces = NOTHING;
  }

  /** The head, when `bytes[from..to)` completes it; null when more is needed; `too-long` beyond `HEAD_BYTES_MAX`. */
  take(bytes: Uint8Array, from: number, to: number): GatheredHead | null | "too-long" {
    if (this.#pieces.length > 0) return this.#takeMore(bytes.subarray(from, to));
    const headEnd = findHeadEnd(bytes, from, to);
    if (headEnd !== -1) return { bytes, from, headEnd, to };
    if (to - from > HEAD_BYTES_MAX) return "too-long";
    this.#pieces = bytes.slice(from, to);
    return null;
  }

  #takeMore(piece: Uint8Array): GatheredHead | null | "too-long" {
    const searched = this.#pieces.length;
    const joined = new Uint8Array(searched + piece.length);
    joined.set(this.#pieces);
    joined.set(piece, searched);
    // The four bytes of the end may lie across the seam.
    const headEnd = findHeadEnd(joined, Math.max(0, searched - 3), joined.length);
    this.#pieces = headEnd === -1 ? joined : NOTHING;
    if (headEnd !== -1) return { bytes: joined, from: 0, headEnd, to: joined.length };
    return joined.length > HEAD_BYTES_MAX ? "too-long" : null;
  }
}
