import type { HistogramRecord } from "./histogram.ts";

/** Histograms count ticks of 0.1 µs, so that a connect() of 12.3 µs is not rounded to 12. */
export const TICKS_PER_US = 10;

/** Values at or above this many ticks (429 s) are recorded as this value. */
const TICKS_MAX = 0xffff_ffff;

const SUB_BUCKETS_LOG2 = 10;

/** How many Uint32 counters one histogram takes. */
export const HISTOGRAM_BUCKETS: number = 23 * 1024;

/**
 * The bucket of a value, in the log-linear layout of HdrHistogram with 3 significant digits (2048 sub-buckets):
 * values below 2048 are exact, every power of two above has 1024 buckets of equal width.
 */
export function bucketOfTicks(ticks: number): number {
  if (ticks < 2048) return ticks > 0 ? ticks | 0 : 0;
  const value = ticks >= TICKS_MAX ? TICKS_MAX : Math.floor(ticks);
  const shift = 31 - Math.clz32(value) - SUB_BUCKETS_LOG2;
  return (shift << SUB_BUCKETS_LOG2) + (value >>> shift);
}

/** The highest value that falls in the same bucket, in microseconds (what HdrHistogram reports for a quantile). */
export function bucketUpperUs(bucket: number): number {
  if (bucket < 2048) return bucket / TICKS_PER_US;
  const width = 2 ** ((bucket >> SUB_BUCKETS_LOG2) - 1);
  const sub = (bucket & 1023) + 1024;
  return (sub * width + width - 1) / TICKS_PER_US;
}

/**
 * A latency histogram over counters that may live in shared memory. One thread writes; others may read at any time
 * and see a slightly old count.
 */
export class LatencyHistogram {
  readonly #counts: Uint32Array;

  constructor(counts: Uint32Array = new Uint32Array(HISTOGRAM_BUCKETS)) {
    if (counts.length !== HISTOGRAM_BUCKETS)
      throw new Error(`expected ${HISTOGRAM_BUCKETS} counters`);
    this.#counts = counts;
  }

  recordUs(valueUs: number): void {
    const bucket = bucketOfTicks(valueUs * TICKS_PER_US);
    this.#counts[bucket] = (this.#counts[bucket] as number) + 1;
  }

  /** The sparse form that is merged and stored. */
  toRecord(metric: string): HistogramRecord {
    return { metric, ...listOccupied(this.#counts, 0) };
  }
}

/** Adds histograms of one metric bucket by bucket. Quantiles are never averaged. One alone is its own sum. */
export function mergeHistograms(
  metric: string,
  records: readonly HistogramRecord[],
): HistogramRecord {
  const [only, ...others] = records;
  if (only !== undefined && others.length === 0) return { ...only, metric };
  const sum = new HistogramSum();
  sum.add(records.map((record) => ({ ...record, metric })));
  const [merged = { metric, indexes: new Uint32Array(), counts: new Uint32Array() }] =
    sum.toRecords();
  return merged;
}

interface BucketSums {
  readonly counts: Uint32Array;
  /** Below it, and from `end` on, every count is 0. */
  from: number;
  end: number;
}

/** Adds histograms of all metrics as they come: a thousand of them take no more memory than one of each. */
export class HistogramSum {
  readonly #byMetric = new Map<string, BucketSums>();

  add(records: readonly HistogramRecord[]): void {
    for (const { metric, indexes, counts } of records) {
      const sums = this.#of(metric);
      sums.from = Math.min(sums.from, indexes[0] ?? HISTOGRAM_BUCKETS);
      sums.end = Math.max(sums.end, (indexes.at(-1) ?? -1) + 1);
      for (let i = 0; i < indexes.length; i++) {
        const bucket = indexes[i] as number;
        sums.counts[bucket] = (sums.counts[bucket] as number) + (counts[i] as number);
      }
    }
  }

  /** One of each metric, in the order in which they first came. */
  toRecords(): HistogramRecord[] {
    return [...this.#byMetric].map(([metric, { counts, from, end }]) => ({
      metric,
      ...listOccupied(counts.subarray(from, Math.max(from, end)), from),
    }));
  }

  #of(metric: string): BucketSums {
    const known = this.#byMetric.get(metric);
    if (known !== undefined) return known;
    const sums = { counts: new Uint32Array(HISTOGRAM_BUCKETS), from: HISTOGRAM_BUCKETS, end: 0 };
    this.#byMetric.set(metric, sums);
    return sums;
  }
}

/** The buckets that hold something, of some that begin with the bucket `from`. */
function listOccupied(
  buckets: Uint32Array,
  from: number,
): Pick<HistogramRecord, "indexes" | "counts"> {
  let occupied = 0;
  for (let i = 0; i < buckets.length; i++) if (buckets[i] !== 0) occupied++;
  const indexes = new Uint32Array(occupied);
  const counts = new Uint32Array(occupied);
  for (let i = 0, at = 0; at < occupied; i++) {
    const count = buckets[i] as number;
    if (count === 0) continue;
    indexes[at] = from + i;
    counts[at++] = count;
  }
  return { indexes, counts };
}

/** How many values it holds. */
export function countHistogram({ counts }: HistogramRecord): number {
  let sum = 0;
  for (let i = 0; i < counts.length; i++) sum += counts[i] as number;
  return sum;
}

/** The value in microseconds at or below which a share `q` (0..1) of all recorded values lies; null when empty. */
export function quantileUs(record: HistogramRecord, q: number): number | null {
  const total = countHistogram(record);
  if (total === 0) return null;
  const rank = Math.max(1, Math.ceil(q * total));
  let seen = 0;
  for (let i = 0; i < record.indexes.length; i++) {
    seen += record.counts[i] as number;
    if (seen >= rank) return bucketUpperUs(record.indexes[i] as number);
  }
  return bucketUpperUs(record.indexes.at(-1) as number);
}
