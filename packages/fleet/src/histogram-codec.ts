import type { HistogramRecord } from "@churnlab/core";
import { z } from "zod";

/** A histogram as JSON. Neighbouring buckets are common, so what is sent is how far each is from the one before: half as long. */
export type PlainHistogram = Omit<HistogramRecord, "indexes" | "counts"> & {
  /** From the bucket before; the first from 0. */
  readonly steps: readonly number[];
  readonly counts: readonly number[];
};

const bucketsSchema = z.array(z.int().nonnegative());

export const plainHistogramSchema: z.ZodType<PlainHistogram> = z
  .object({ metric: z.string(), steps: bucketsSchema, counts: bucketsSchema })
  .refine(({ steps, counts }) => steps.length === counts.length, "a count for each bucket");

/** Indexes ascend, as histograms have them. */
export function toPlainHistogram({ indexes, counts, ...rest }: HistogramRecord): PlainHistogram {
  let last = 0;
  const steps = Array.from(indexes, (index) => {
    const step = index - last;
    last = index;
    return step;
  });
  return { ...rest, steps, counts: [...counts] };
}

export function fromPlainHistogram({ steps, counts, ...rest }: PlainHistogram): HistogramRecord {
  let index = 0;
  const indexes = Uint32Array.from(steps, (step) => (index += step));
  return { ...rest, indexes, counts: Uint32Array.from(counts) };
}
