import * as fc from "fast-check";
import { expect, test } from "vitest";
import { decodeBuckets, encodeBuckets } from "../src/histogram-blob.ts";

const u32 = fc.integer({ min: 0, max: 0xffff_ffff });

test("any histogram reads back as it was written", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(u32, u32), { maxLength: 200 }), (buckets) => {
      const record = {
        metric: "connect",
        indexes: Uint32Array.from(buckets, ([index]) => index),
        counts: Uint32Array.from(buckets, ([, count]) => count),
      };
      expect(decodeBuckets("connect", encodeBuckets(record))).toEqual(record);
    }),
  );
});

test("the blob is bucket numbers, then counts, little-endian", () => {
  const record = { metric: "m", indexes: Uint32Array.of(1, 2), counts: Uint32Array.of(3, 258) };
  expect(encodeBuckets(record).toString("hex")).toBe("01000000020000000300000002010000");
});
