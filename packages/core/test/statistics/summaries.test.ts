import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { a12 } from "../../src/statistics/a12.ts";
import { overdispersion } from "../../src/statistics/overdispersion.ts";
import { median, quantile } from "../../src/statistics/quantile.ts";
import { expectValue } from "../../src/statistics/statistic.ts";
import { theilSenSlope } from "../../src/statistics/theil-sen-slope.ts";
import golden from "../fixtures/statistics/golden.json" with { type: "json" };

const value = fc.double({ noNaN: true, noDefaultInfinity: true });
const values = fc.array(value, { minLength: 1, maxLength: 20 });
const NAN = { defined: false, reason: "not-finite" };

describe("a quantile", () => {
  test.each(golden.quantile)("is NumPy's: $share of $values", (known) => {
    expect(expectValue(quantile(known.values, known.share))).toBeCloseTo(known.quantile, 14);
  });

  test("grows with its share, from the least value to the greatest, and never overflows", () => {
    fc.assert(
      fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), (some, share) => {
        const found = expectValue(quantile(some, share));
        const nearer = expectValue(quantile(some, share / 2));
        expect(found).toBeGreaterThanOrEqual(nearer - Math.abs(nearer) * 1e-15);
        // Numerically equal: 0 and −0 are the same value.
        expect(expectValue(quantile(some, 0)) === Math.min(...some)).toBe(true);
        expect(expectValue(quantile(some, 1)) === Math.max(...some)).toBe(true);
      }),
    );
  });

  test("leaves its argument as it is", () => {
    const some = [3, 1, 2];
    expect(median(some)).toEqual({ defined: true, value: 2 });
    expect(some).toEqual([3, 1, 2]);
  });

  test("has no value of nothing or of NaN, and refuses a share outside [0, 1]", () => {
    expect(median([])).toEqual({ defined: false, reason: "empty" });
    expect(median([1, Number.NaN])).toEqual(NAN);
    expect(() => quantile([1], 1.5)).toThrow(RangeError);
    expect(() => quantile([1], Number.NaN)).toThrow(RangeError);
  });
});

describe("A12", () => {
  test.each(golden.a12)("is the Mann-Whitney U over all pairs: $a12", (known) => {
    expect(expectValue(a12(known.first, known.second))).toBeCloseTo(known.a12, 14);
  });

  test("of a sample with itself is one half, and of the two sides adds up to one", () => {
    fc.assert(
      fc.property(values, values, (first, second) => {
        expect(expectValue(a12(first, first))).toBe(0.5);
        expect(expectValue(a12(first, second)) + expectValue(a12(second, first))).toBeCloseTo(
          1,
          12,
        );
      }),
    );
  });

  test("has no value of nothing or of NaN", () => {
    expect(a12([], [1])).toEqual({ defined: false, reason: "empty" });
    expect(a12([1], [Number.NaN])).toEqual(NAN);
  });
});

describe("overdispersion", () => {
  test.each(golden.overdispersion)("is SciPy's χ²/(n−1): $phi", ({ counts, exposures, phi }) => {
    expect(expectValue(overdispersion(counts, exposures))).toBeCloseTo(phi, 12);
  });

  test("is 0 when every count is its share of the exposure", () => {
    expect(overdispersion([5, 10, 15], [100, 200, 300])).toEqual({ defined: true, value: 0 });
  });

  test("says why it has no value", () => {
    expect(overdispersion([0, 0, 0])).toEqual({ defined: false, reason: "zero-total" });
    expect(overdispersion([3])).toEqual({ defined: false, reason: "too-few" });
    expect(overdispersion([3, -1])).toEqual({ defined: false, reason: "not-a-count" });
    expect(overdispersion([3, 4], [1, 0])).toEqual({ defined: false, reason: "zero-total" });
    expect(overdispersion([3, Number.NaN])).toEqual(NAN);
    expect(() => overdispersion([1, 2], [1])).toThrow(RangeError);
  });
});

describe("the Theil-Sen slope", () => {
  test.each(golden.theilSen)("is SciPy's: $slope", ({ points, slope }) => {
    const found = theilSenSlope(points.map(([x, y]) => [x as number, y as number]));
    expect(expectValue(found)).toBeCloseTo(slope, 12);
  });

  test("of a line is the line's, whatever three wild points of twelve say", () => {
    const line = Array.from({ length: 12 }, (_, x) => [x, 2 * x] as const);
    const wild = line.map(([x, y]) => [x, x % 4 === 0 ? 1e6 : y] as const);
    expect(theilSenSlope(line)).toEqual({ defined: true, value: 2 });
    expect(theilSenSlope(wild)).toEqual({ defined: true, value: 2 });
  });

  test("says why it has no value", () => {
    expect(theilSenSlope([])).toEqual({ defined: false, reason: "empty" });
    expect(theilSenSlope([[1, 1]])).toEqual({ defined: false, reason: "too-few" });
    expect(
      theilSenSlope([
        [1, 1],
        [1, 2],
      ]),
    ).toEqual({ defined: false, reason: "no-spread" });
    expect(
      theilSenSlope([
        [1, 1],
        [2, Number.NaN],
      ]),
    ).toEqual(NAN);
    expect(
      theilSenSlope([
        [0, -1e308],
        [1e-9, 1e308],
      ]),
    ).toEqual(NAN);
  });
});
