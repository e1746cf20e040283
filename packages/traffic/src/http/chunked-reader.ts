import { HEAD_BYTES_MAX } from "../limits.ts";
import { BROKEN, PARTIAL, type Progress, WHOLE } from "../response-reader.ts";

const SIZE = 0;
const EXTENSION = 1;
const SIZE_LF = 2;
const DATA = 3;
const DATA_CR = 4;
const DATA_LF = 5;
const TRAILER_START = 6;
const TRAILER = 7;
const END_LF = 8;
const DONE = 9;
const FAILED = 10;

const CR = 0x0d;
const LF = 0x0a;
const SEMICOLON = 0x3b;
const MAX_SIZE_DIGITS = 12;

/**
 * Follows a body in chunked coding (RFC 9112 §7.1), byte by byte but for the data of a chunk, which is skipped whole:
 *
 *     SIZE → [EXTENSION →] SIZE_LF → DATA → DATA_CR → DATA_LF → SIZE …
 *     SIZE_LF, size 0 → TRAILER_START → [TRAILER → TRAILER_START …] → END_LF → DONE
 */
export class ChunkedReader {
  #state: number = SIZE;
  #size = 0;
  #digits = 0;
  /** Bytes outside of data since the last data; bounded, because a chunk header may be endless. */
  #overhead = 0;

  reset(): void {
    this.#state = SIZE;
    this.#size = 0;
    this.#digits = 0;
    this.#overhead = 0;
  }

  read(bytes: Uint8Array, from: number, to: number): Progress {
    let i = from;
    while (i < to) {
      if (this.#state === DATA) {
        const taken = Math.min(this.#size, to - i);
        this.#size -= taken;
        i += taken;
        if (this.#size === 0) this.#state = DATA_CR;
        continue;
      }
      this.#state = this.#overhead++ > HEAD_BYTES_MAX ? FAILED : this.#next(bytes[i] as number);
      if (this.#state === FAILED) return BROKEN;
      i++;
      if (this.#state === DONE) return i === to ? WHOLE : BROKEN;
    }
    return PARTIAL;
  }

  #next(byte: number): number {
    switch (this.#state) {
      case SIZE:
        return this.#takeDigit(byte);
      case EXTENSION:
        return byte === CR ? SIZE_LF : EXTENSION;
      case SIZE_LF:
        if (byte !== LF) return FAILED;
        return this.#size === 0 ? TRAILER_START : DATA;
      case DATA_CR:
        return byte === CR ? DATA_LF : FAILED;
      case DATA_LF:
        if (byte !== LF) return FAILED;
        this.reset();
        return SIZE;
      case TRAILER_START:
        return byte === CR ? END_LF : TRAILER;
      case TRAILER:
        return byte === LF ? TRAILER_START : TRAILER;
      case END_LF:
        return byte === LF ? DONE : FAILED;
      default:
        return FAILED;
    }
  }

  #takeDigit(byte: number): number {
    const digit = hexDigit(byte);
    if (digit >= 0) {
      this.#size = this.#size * 16 + digit;
      return ++this.#digits > MAX_SIZE_DIGITS ? FAILED : SIZE;
    }
    if (this.#digits === 0) return FAILED;
    if (byte === CR) return SIZE_LF;
    return byte === SEMICOLON || byte === 0x20 || byte === 0x09 ? EXTENSION : FAILED;
  }
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
