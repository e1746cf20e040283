import { BROKEN, PARTIAL, type Progress, type ResponseReader, WHOLE } from "../response-reader.ts";
import { ChunkedReader } from "./chunked-reader.ts";
import { HeadGatherer } from "./head-gatherer.ts";
import { refusalOf } from "./refusal-of.ts";
import { CHUNKED, couldBeResponse, parseResponseHead, UNTIL_CLOSE } from "./response-head.ts";

const START = 0;
const HEAD = 1;
const BODY = 2;
const CHUNKS = 3;
const TAIL = 4;

/**
 * Follows an HTTP/1.1 response to a request that is not HEAD: content-length, chunked, or until the end of the stream
 * (RFC 9112 §6.3); 1xx responses are passed over.
 */
export class HttpResponseReader implements ResponseReader {
  #state = START;
  #bodyLeft = 0;
  #refusal = 0;
  #closes = false;
  readonly #head = new HeadGatherer();
  readonly #chunks = new ChunkedReader();

  get refusal(): number {
    return this.#refusal;
  }

  get closes(): boolean {
    return this.#closes;
  }

  reset(): void {
    this.#state = START;
    this.#closes = false;
    this.#refusal = 0;
    this.#head.reset();
  }

  read(bytes: Uint8Array, from: number, to: number): Progress {
    switch (this.#state) {
      case START:
        if (!couldBeResponse(bytes, from, to)) return BROKEN;
        this.#state = HEAD;
        return this.#readHead(bytes, from, to);
      case HEAD:
        return this.#readHead(bytes, from, to);
      case CHUNKS:
        return this.#chunks.read(bytes, from, to);
      case TAIL:
        return PARTIAL;
      default:
        return this.#readBody(to - from);
    }
  }

  end(): Progress {
    return this.#state === TAIL ? WHOLE : PARTIAL;
  }

  #readHead(bytes: Uint8Array, from: number, to: number): Progress {
    const gathered = this.#head.take(bytes, from, to);
    if (gathered === null) return PARTIAL;
    if (gathered === "too-long") return BROKEN;
    const head = parseResponseHead(gathered.bytes, gathered.from, gathered.headEnd);
    if (head === null) return BROKEN;
    this.#refusal = refusalOf(head.status);
    this.#closes = head.closes;
    const atEnd = gathered.headEnd === gathered.to;
    this.#state = head.informational ? START : stateOfBody(head.length);
    if (this.#state === CHUNKS) this.#chunks.reset();
    if (this.#state === BODY) this.#bodyLeft = head.length;
    if (atEnd) return this.#state === BODY && head.length === 0 ? WHOLE : PARTIAL;
    return this.read(gathered.bytes, gathered.headEnd, gathered.to);
  }

  #readBody(bytes: number): Progress {
    this.#bodyLeft -= bytes;
    if (this.#bodyLeft > 0) return PARTIAL;
    return this.#bodyLeft === 0 ? WHOLE : BROKEN;
  }
}

function stateOfBody(length: number): number {
  if (length === CHUNKED) return CHUNKS;
  return length === UNTIL_CLOSE ? TAIL : BODY;
}
