import { deflateRawSync, inflateRawSync } from "node:zlib";
import { ChurnError, HISTOGRAM_BUCKETS, type HistogramRecord } from "@churnlab/core";
import { z } from "zod";

/**
 * A histogram as it is sent: the number of its buckets, how far each is from the one before, then their counts, all as LEB128
 * varints, deflated (RFC 1951), in base64. Neighbouring buckets and counts of one are common, so that a bucket takes half a byte,
 * where a pair of JSON numbers takes four.
 */
export interface PackedHistogram {
  readonly metric: string;
  readonly buckets: string;
}

/** 32 bits of 7 a byte. */
const VARINT_BYTES_MAX = 5;
const VARINT_SCALE_MAX = 0x80 ** (VARINT_BYTES_MAX - 1);
/** In place of a byte after the last: it ends no varint. */
const END = 0xff;
const UINT32_MAX = 0xffff_ffff;
/** What any histogram takes at most: a sender that says more is not believed, and nothing is allocated for it. */
const PLAIN_BYTES_MAX = VARINT_BYTES_MAX * (1 + 2 * HISTOGRAM_BUCKETS);
/** Of memory that is taken at a time: most histograms need one. */
const CHUNK_BYTES = 4096;
const METRIC_CHARACTERS_MAX = 64;

export const packedHistogramSchema: z.ZodType<PackedHistogram> = z.strictObject({
  metric: z.string().max(METRIC_CHARACTERS_MAX),
  buckets: z.string().max(2 * PLAIN_BYTES_MAX),
});

/** Indexes ascend, as histograms have them. */
export function packHistogram({ metric, indexes, counts }: HistogramRecord): PackedHistogram {
  const plain = new Uint8Array(VARINT_BYTES_MAX * (1 + 2 * indexes.length));
  let end = writeVarint(plain, 0, indexes.length);
  let last = 0;
  for (const index of indexes) {
    end = writeVarint(plain, end, index - last);
    last = index;
  }
  for (const count of counts) end = writeVarint(plain, end, count);
  return { metric, buckets: deflateRawSync(plain.subarray(0, end)).toString("base64") };
}

/** Throws `E_AGENT` for what no histogram packs to; no more memory is taken for it than for the largest one there is. */
export function unpackHistogram({ metric, buckets }: PackedHistogram): HistogramRecord {
  const varints = new VarintReader(inflate(buckets));
  const length = varints.read();
  if (length > HISTOGRAM_BUCKETS) throw notUnderstood();
  const indexes = new Uint32Array(length);
  const counts = new Uint32Array(length);
  let index = 0;
  for (let i = 0; i < length; i++) {
    const step = varints.read();
    index += step;
    if (index >= HISTOGRAM_BUCKETS || (i > 0 && step === 0)) throw notUnderstood();
    indexes[i] = index;
  }
  for (let i = 0; i < length; i++) counts[i] = varints.read();
  if (!varints.isAtEnd) throw notUnderstood();
  return { metric, indexes, counts };
}

class VarintReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  read(): number {
    let value = 0;
    for (let scale = 1; scale <= VARINT_SCALE_MAX; scale *= 0x80) {
      const byte = this.#bytes[this.#at++] ?? END;
      value += (byte & 0x7f) * scale;
      if (byte <= 0x7f && value <= UINT32_MAX) return value;
    }
    throw notUnderstood();
  }
}

function inflate(buckets: string): Uint8Array {
  try {
    return inflateRawSync(Buffer.from(buckets, "base64"), {
      chunkSize: CHUNK_BYTES,
      maxOutputLength: PLAIN_BYTES_MAX,
    });
  } catch (error) {
    throw notUnderstood(error);
  }
}

function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  let rest = value;
  let end = at;
  for (; rest > 0x7f; rest >>>= 7) bytes[end++] = (rest & 0x7f) | 0x80;
  bytes[end++] = rest;
  return end;
}

function notUnderstood(cause?: unknown): ChurnError {
  return new ChurnError("E_AGENT", "A histogram is not understood", { cause });
}
