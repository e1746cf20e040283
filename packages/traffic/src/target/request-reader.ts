import type { Workload } from "@churnlab/core";
import { NO_LENGTH, parseHeadFields } from "../http/head-fields.ts";
import { HeadGatherer } from "../http/head-gatherer.ts";
import { RAW_LAST } from "../requests.ts";

/** Called for every whole request; `last` when the client asks the server to close after its answer. */
export type OnRequest = (last: boolean) => void;

/** Tells where requests end, on the server's side of one connection. */
export interface RequestReader {
  /** Takes `bytes[from..to)` and keeps no reference to them; false when they are no request. */
  read(bytes: Uint8Array, from: number, to: number): boolean;
  /** Whether what it has read so far ends with a whole request. */
  readonly between: boolean;
}

export function createRequestReader(workload: Workload, onRequest: OnRequest): RequestReader {
  return workload.protocol === "raw"
    ? new RawRequestReader(workload.requestBytes, onRequest)
    : new HttpRequestReader(onRequest);
}

class RawRequestReader implements RequestReader {
  readonly #bytes: number;
  readonly #onRequest: OnRequest;
  #left: number;
  #last = false;

  constructor(bytes: number, onRequest: OnRequest) {
    this.#bytes = bytes;
    this.#left = bytes;
    this.#onRequest = onRequest;
  }

  get between(): boolean {
    return this.#left === this.#bytes;
  }

  read(bytes: Uint8Array, from: number, to: number): boolean {
    for (let i = from; i < to; ) {
      if (this.#left === this.#bytes) this.#last = bytes[i] === RAW_LAST;
      const taken = Math.min(this.#left, to - i);
      this.#left -= taken;
      i += taken;
      if (this.#left > 0) return true;
      this.#left = this.#bytes;
      this.#onRequest(this.#last);
    }
    return true;
  }
}

/** HTTP/1.1 requests, pipelined or not, with a body announced by `Content-Length` or with none. */
class HttpRequestReader implements RequestReader {
  readonly #onRequest: OnRequest;
  readonly #head = new HeadGatherer();
  #bodyLeft = 0;
  #last = false;

  constructor(onRequest: OnRequest) {
    this.#onRequest = onRequest;
  }

  get between(): boolean {
    return this.#bodyLeft === 0 && this.#head.empty;
  }

  read(bytes: Uint8Array, from: number, to: number): boolean {
    let rest: { bytes: Uint8Array; from: number; to: number } = { bytes, from, to };
    while (rest.from < rest.to) {
      if (this.#bodyLeft > 0) {
        rest.from += this.#takeBody(rest.to - rest.from);
        continue;
      }
      const head = this.#head.take(rest.bytes, rest.from, rest.to);
      if (head === null) return true;
      if (head === "too-long" || !this.#takeHead(head.bytes, head.from, head.headEnd)) return false;
      rest = { bytes: head.bytes, from: head.headEnd, to: head.to };
    }
    return true;
  }

  #takeHead(bytes: Uint8Array, from: number, to: number): boolean {
    const fields = parseHeadFields(bytes, from, to);
    if (fields === null || fields.chunked) return false;
    this.#last = fields.close;
    this.#bodyLeft = fields.length === NO_LENGTH ? 0 : fields.length;
    if (this.#bodyLeft === 0) this.#onRequest(this.#last);
    return true;
  }

  #takeBody(available: number): number {
    const taken = Math.min(this.#bodyLeft, available);
    this.#bodyLeft -= taken;
    if (this.#bodyLeft === 0) this.#onRequest(this.#last);
    return taken;
  }
}
