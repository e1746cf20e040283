import { ChunkedReader } from "./chunked-reader.ts";
import { CHUNKED, parseResponseHead, UNPARSABLE, UNTIL_CLOSE } from "./http-response-head.ts";
import { HEAD_BYTES_MAX } from "./limits.ts";
import { BROKEN, PARTIAL, type Progress, type ResponseReader, WHOLE } from "./response-reader.ts";

const HEAD = 0;
const BODY = 1;
const CHUNKS = 2;
const TAIL = 3;

const NOTHING = new Uint8Array(0);
const CR = 0x0d;
const LF = 0x0a;

/**
 * Follows an HTTP/1.1 response to a request that is not HEAD: content-length, chunked, or until the end of the stream
 * (RFC 9112 §6.3); 1xx responses are passed over. It keeps nothing of the response but the part of a head that came alone.
 */
export class HttpResponseReader implements ResponseReader {
  #state = HEAD;
  #bodyLeft = 0;
  /** A head of which only a part has come, copied; empty in the usual case. */
  #partOfHead: Uint8Array = NOTHING;
  readonly #chunks = new ChunkedReader();

  reset(): void {
    this.#state = HEAD;
    this.#partOfHead = NOTHING;
  }

  read(bytes: Uint8Array, from: number, to: number): Progress {
    if (this.#state === HEAD) return this.#readHead(bytes, from, to);
    return this.#readBody(bytes, from, to);
  }

  end(): Progress {
    return this.#state === TAIL ? WHOLE : PARTIAL;
  }

  #readHead(bytes: Uint8Array, from: number, to: number): Progress {
    if (this.#partOfHead.length > 0) {
      const joined = join(this.#partOfHead, bytes.subarray(from, to));
      const searched = this.#partOfHead.length;
      this.#partOfHead = NOTHING;
      return this.#parse(joined, {
        from: 0,
        to: joined.length,
        searchFrom: Math.max(0, searched - 3),
      });
    }
    return this.#parse(bytes, { from, to, searchFrom: from });
  }

  #parse(bytes: Uint8Array, range: { from: number; to: number; searchFrom: number }): Progress {
    const { from, to } = range;
    const end = findHeadEnd(bytes, range.searchFrom, to);
    if (end === -1) {
      if (to - from > HEAD_BYTES_MAX || !couldBeHead(bytes, from, to)) return BROKEN;
      this.#partOfHead = bytes.slice(from, to);
      return PARTIAL;
    }
    const head = parseResponseHead(bytes, from, end);
    if (head === UNPARSABLE) return BROKEN;
    if (head.informational) return end === to ? PARTIAL : this.#readHead(bytes, end, to);
    return this.#enterBody(head.length, bytes, { from: end, to });
  }

  #enterBody(length: number, bytes: Uint8Array, rest: { from: number; to: number }): Progress {
    if (length === CHUNKED) {
      this.#state = CHUNKS;
      this.#chunks.reset();
    } else if (length === UNTIL_CLOSE) {
      this.#state = TAIL;
    } else {
      this.#state = BODY;
      this.#bodyLeft = length;
    }
    return this.#readBody(bytes, rest.from, rest.to);
  }

  #readBody(bytes: Uint8Array, from: number, to: number): Progress {
    if (this.#state === TAIL) return PARTIAL;
    if (this.#state === CHUNKS) return this.#chunks.read(bytes, from, to);
    this.#bodyLeft -= to - from;
    if (this.#bodyLeft > 0) return PARTIAL;
    return this.#bodyLeft === 0 ? WHOLE : BROKEN;
  }
}

/** The index after the empty line that ends a head; -1 when it has not come. */
function findHeadEnd(bytes: Uint8Array, from: number, to: number): number {
  for (let i = bytes.indexOf(LF, from); i !== -1 && i < to; i = bytes.indexOf(LF, i + 1)) {
    if (i >= from + 3 && bytes[i - 1] === CR && bytes[i - 2] === LF && bytes[i - 3] === CR)
      return i + 1;
  }
  return -1;
}

const START = Buffer.from("HTTP/1.");

/** Rejects what cannot become a response as soon as it is seen, instead of waiting for the end of a head. */
function couldBeHead(bytes: Uint8Array, from: number, to: number): boolean {
  const length = Math.min(START.length, to - from);
  for (let i = 0; i < length; i++) if (bytes[from + i] !== START[i]) return false;
  return true;
}

function join(a: Uint8Array, b: Uint8Array): Uint8Array {
  const joined = new Uint8Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}
