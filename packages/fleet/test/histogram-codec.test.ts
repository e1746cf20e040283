import { deflateRawSync } from "node:zlib";
import { ChurnError, HISTOGRAM_BUCKETS, type HistogramRecord } from "@churnlab/core";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { packHistogram, unpackHistogram } from "../src/histogram-codec.ts";

const UINT32_MAX = 0xffff_ffff;

const histograms: fc.Arbitrary<HistogramRecord> = fc
  .uniqueArray(fc.nat(HISTOGRAM_BUCKETS - 1), { maxLength: 2000, size: "max" })
  .chain((indexes) =>
    fc.record({
      metric: fc.constant("connect"),
      indexes: fc.constant(Uint32Array.from(indexes).toSorted()),
      counts: fc
        .array(fc.nat(UINT32_MAX), { minLength: indexes.length, maxLength: indexes.length })
        .map((counts) => Uint32Array.from(counts)),
    }),
  );

function packedOf(bytes: Uint8Array): { metric: string; buckets: string } {
  return { metric: "connect", buckets: deflateRawSync(bytes).toString("base64") };
}

function isRefusedOrSound(bytes: Uint8Array): boolean {
  try {
    const { indexes, counts } = unpackHistogram(packedOf(bytes));
    const ascends = indexes.every((index, i) => i === 0 || index > (indexes[i - 1] as number));
    const fits = indexes.every((index) => index < HISTOGRAM_BUCKETS);
    return ascends && fits && counts.length === indexes.length;
  } catch (error) {
    return error instanceof ChurnError && error.code === "E_AGENT";
  }
}

describe("a packed histogram", () => {
  it("is the same when it is unpacked", () => {
    fc.assert(
      fc.property(histograms, (record) => {
        expect(unpackHistogram(packHistogram(record))).toEqual(record);
      }),
      { numRuns: 30 },
    );
  });

  it("has room for every bucket and the highest count", () => {
    const indexes = Uint32Array.from({ length: HISTOGRAM_BUCKETS }, (_, i) => i);
    const full = { metric: "total", indexes, counts: indexes.map(() => UINT32_MAX) };
    expect(unpackHistogram(packHistogram(full))).toEqual(full);
  });

  it("of arbitrary bytes is refused, or is a histogram: buckets that ascend, each with a count", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect(isRefusedOrSound(bytes)).toBe(true);
      }),
    );
  });

  it("is refused when it inflates to more than any histogram takes", () => {
    const bomb = packedOf(new Uint8Array(64 * 1024 * 1024));
    expect(bomb.buckets.length).toBeLessThan(100_000);
    expect(() => unpackHistogram(bomb)).toThrow(/not understood/);
  });

  it("is refused when it claims more buckets than there are, or has bytes left over", () => {
    expect(() => unpackHistogram(packedOf(Uint8Array.of(0xff, 0xff, 0x7f)))).toThrow(
      /not understood/,
    );
    expect(() => unpackHistogram(packedOf(Uint8Array.of(0, 1)))).toThrow(/not understood/);
    expect(() => unpackHistogram({ metric: "connect", buckets: "no deflate" })).toThrow(
      /not understood/,
    );
  });
});
