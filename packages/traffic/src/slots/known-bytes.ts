import type { Inbox } from "./slot-wire.ts";

const LENGTH_MAX = 16_384;

/**
 * Remembers bytes that were once parsed, so that equal bytes need no parsing: a server gives most of its clients the same
 * answer, and comparing 40 words costs less than reading a head.
 */
export class KnownBytes {
  #words: Int32Array = new Int32Array(0);
  #bytes: Uint8Array = new Uint8Array(0);
  #length = 0;

  /** Whether they are remembered: too many are not. */
  learn(inbox: Inbox, length: number): boolean {
    if (length > LENGTH_MAX) return false;
    this.#bytes = inbox.bytes.slice(0, length);
    this.#words = inbox.words.slice(0, length >> 2);
    this.#length = length;
    return true;
  }

  equal(inbox: Inbox, length: number): boolean {
    if (length !== this.#length) return false;
    const { words, bytes } = inbox;
    const known = this.#words;
    for (let i = 0; i < known.length; i++) if (words[i] !== known[i]) return false;
    for (let i = known.length * 4; i < length; i++) if (bytes[i] !== this.#bytes[i]) return false;
    return true;
  }
}
