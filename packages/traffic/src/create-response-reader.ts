import type { Workload } from "@churnlab/core";
import { HttpResponseReader } from "./http/http-response-reader.ts";
import { BROKEN, PARTIAL, type Progress, type ResponseReader, WHOLE } from "./response-reader.ts";

/** A reader for the answers to this workload's requests. */
export function createResponseReader(workload: Workload): ResponseReader {
  return workload.protocol === "raw"
    ? new RawResponseReader(workload.responseBytes)
    : new HttpResponseReader();
}

class RawResponseReader implements ResponseReader {
  readonly refusal = 0;
  readonly closes = false;
  readonly #bytes: number;
  #left: number;

  constructor(bytes: number) {
    this.#bytes = bytes;
    this.#left = bytes;
  }

  reset(): void {
    this.#left = this.#bytes;
  }

  read(_bytes: Uint8Array, from: number, to: number): Progress {
    this.#left -= to - from;
    if (this.#left > 0) return PARTIAL;
    return this.#left === 0 ? WHOLE : BROKEN;
  }

  end(): Progress {
    return PARTIAL;
  }
}
