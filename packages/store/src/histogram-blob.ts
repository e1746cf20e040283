import type { HistogramRecord } from "@churnlab/core";

const BYTES = 4;

/** n bucket numbers, then their n counts, all unsigned 32-bit little-endian. */
export function encodeBuckets({ indexes, counts }: HistogramRecord): Buffer {
  const n = indexes.length;
  const blob = Buffer.allocUnsafe(2 * n * BYTES);
  for (let i = 0; i < n; i++) {
    blob.writeUInt32LE(indexes[i] as number, i * BYTES);
    blob.writeUInt32LE(counts[i] as number, (n + i) * BYTES);
  }
  return blob;
}

export function decodeBuckets(metric: string, blob: Buffer): HistogramRecord {
  const n = blob.length / (2 * BYTES);
  const indexes = new Uint32Array(n);
  const counts = new Uint32Array(n);
  for (let i = 0; i < n; i++) {
    indexes[i] = blob.readUInt32LE(i * BYTES);
    counts[i] = blob.readUInt32LE((n + i) * BYTES);
  }
  return { metric, indexes, counts };
}
