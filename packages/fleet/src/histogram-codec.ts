import type { HistogramRecord } from "@churnlab/core";
import { z } from "zod";

/** A histogram as JSON: its buckets as plain lists. */
export type PlainHistogram = Omit<HistogramRecord, "indexes" | "counts"> & {
  readonly indexes: readonly number[];
  readonly counts: readonly number[];
};

const bucketsSchema = z.array(z.int().nonnegative());

export const plainHistogramSchema: z.ZodType<PlainHistogram> = z
  .object({ metric: z.string(), indexes: bucketsSchema, counts: bucketsSchema })
  .refine(({ indexes, counts }) => indexes.length === counts.length, "a count for each bucket");

export function toPlainHistogram(histogram: HistogramRecord): PlainHistogram {
  return { ...histogram, indexes: [...histogram.indexes], counts: [...histogram.counts] };
}

export function fromPlainHistogram(histogram: PlainHistogram): HistogramRecord {
  return {
    ...histogram,
    indexes: Uint32Array.from(histogram.indexes),
    counts: Uint32Array.from(histogram.counts),
  };
}
