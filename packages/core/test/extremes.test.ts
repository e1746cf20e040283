import { array, assert, double, property } from "fast-check";
import { expect, it } from "vitest";
import { maxOf, minOf } from "../src/extremes.ts";

it("maxOf and minOf are Math.max and Math.min, of nothing and of NaN too", () => {
  assert(
    property(array(double()), (values) => {
      expect(maxOf(values)).toBe(Math.max(...values));
      expect(minOf(values)).toBe(Math.min(...values));
    }),
  );
});

it("they take a million values, as two days of samples have", () => {
  const values = Array.from({ length: 1_000_000 }, (_, i) => (i * 7919) % 1_000_003);
  expect(maxOf(values)).toBe(1_000_002);
  expect(minOf(values)).toBe(0);
});
