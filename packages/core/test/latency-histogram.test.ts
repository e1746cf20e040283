import * as fc from "fast-check";
import { build, type Histogram } from "hdr-histogram-js";
import { describe, expect, test } from "vitest";
import {
  bucketOfTicks,
  bucketUpperUs,
  countHistogram,
  HISTOGRAM_BUCKETS,
  LatencyHistogram,
  mergeHistograms,
  quantileUs,
  TICKS_PER_US,
} from "../src/latency-histogram.ts";

const TICKS_MAX = 0xffff_ffff;
const ticks = fc.oneof(fc.nat(5000), fc.nat(10_000_000), fc.integer({ min: 0, max: TICKS_MAX }));
const manyTicks = fc.array(ticks, { minLength: 1, maxLength: 300 });
const QUANTILES = [0, 0.001, 0.25, 0.5, 0.9, 0.99, 0.999, 0.9999, 1];

function record(values: readonly number[]) {
  const histogram = new LatencyHistogram();
  for (const value of values) histogram.recordUs(value / TICKS_PER_US);
  return histogram.toRecord("connect");
}

/** The reference: HdrHistogram with 3 significant digits over the same ticks. */
function reference(values: readonly number[]): Histogram {
  const histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 2 ** 33,
    numberOfSignificantValueDigits: 3,
  });
  for (const value of values) histogram.recordValue(value);
  return histogram;
}

describe("a bucket", () => {
  test("holds its value: no value is above the bucket's end, and the end is at most 0.1 % away", () => {
    fc.assert(
      fc.property(ticks, (value) => {
        const upper = Math.round(bucketUpperUs(bucketOfTicks(value)) * TICKS_PER_US);
        expect(upper).toBeGreaterThanOrEqual(value);
        expect(upper - value).toBeLessThanOrEqual(value / 1000);
        expect(bucketOfTicks(upper)).toBe(bucketOfTicks(value));
      }),
    );
  });

  test("has a number below the size of the table, and larger values never a smaller one", () => {
    fc.assert(
      fc.property(ticks, ticks, (a, b) => {
        const [low, high] = [bucketOfTicks(Math.min(a, b)), bucketOfTicks(Math.max(a, b))];
        expect(low).toBeLessThanOrEqual(high);
        expect(high).toBeLessThan(HISTOGRAM_BUCKETS);
      }),
    );
  });

  test("of every number is the bucket of its own end", () => {
    for (let bucket = 0; bucket <= bucketOfTicks(TICKS_MAX); bucket++) {
      expect(bucketOfTicks(Math.round(bucketUpperUs(bucket) * TICKS_PER_US))).toBe(bucket);
    }
  });

  test.each([
    [-5, 0],
    [0, 0],
    [2047, 2047],
    [2048, 2048],
    [2049, 2048],
    [TICKS_MAX + 1, bucketOfTicks(TICKS_MAX)],
    [1e15, bucketOfTicks(TICKS_MAX)],
  ])("of %d is %d", (value, bucket) => expect(bucketOfTicks(value)).toBe(bucket));
});

describe("quantiles", () => {
  test("are those of HdrHistogram, tick for tick", () => {
    fc.assert(
      fc.property(manyTicks, (values) => {
        const [own, hdr] = [record(values), reference(values)];
        // For 0 HdrHistogram reports the low end of the first bucket, for all others the high end.
        for (const q of QUANTILES.slice(1)) {
          const expected = hdr.getValueAtPercentile(q * 100);
          expect(Math.round((quantileUs(own, q) ?? 0) * TICKS_PER_US)).toBe(expected);
        }
      }),
    );
  });

  test("ascend, and none is below the smallest or above the largest value's bucket", () => {
    fc.assert(
      fc.property(manyTicks, (values) => {
        const found = QUANTILES.map((q) => quantileUs(record(values), q) ?? Number.NaN);
        expect(found).toEqual(found.toSorted((a, b) => a - b));
        expect(found[0]).toBeGreaterThanOrEqual(Math.min(...values) / TICKS_PER_US);
        expect(found.at(-1)).toBe(bucketUpperUs(bucketOfTicks(Math.max(...values))));
      }),
    );
  });

  test("of nothing are null", () => expect(quantileUs(record([]), 0.5)).toBeNull());
});

describe("merging", () => {
  test("in any split gives what one histogram of all values would have", () => {
    fc.assert(
      fc.property(fc.array(fc.array(ticks, { maxLength: 60 }), { maxLength: 6 }), (parts) => {
        const merged = mergeHistograms("connect", parts.map(record));
        expect(merged).toEqual(record(parts.flat()));
        expect(countHistogram(merged)).toBe(parts.flat().length);
      }),
    );
  });
});

describe("a histogram", () => {
  test("counts in the memory it is given, which may be shared", () => {
    const counts = new Uint32Array(new SharedArrayBuffer(HISTOGRAM_BUCKETS * 4));
    new LatencyHistogram(counts).recordUs(12.3);
    expect(counts[123]).toBe(1);
    expect(new LatencyHistogram(counts).toRecord("x")).toEqual({
      metric: "x",
      indexes: Uint32Array.of(123),
      counts: Uint32Array.of(1),
    });
  });

  test("refuses memory of another size", () => {
    expect(() => new LatencyHistogram(new Uint32Array(10))).toThrow(/counters/);
  });

  test("records nothing as a negative time", () => {
    expect(quantileUs(record([-7]), 1)).toBe(0);
  });
});
