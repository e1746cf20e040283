import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { holmAdjust } from "../../src/statistics/holm-adjust.ts";
import { poissonLowerBound, poissonUpperBound } from "../../src/statistics/poisson-bounds.ts";
import { expectValue } from "../../src/statistics/statistic.ts";
import golden from "../fixtures/statistics/golden.json" with { type: "json" };

describe("the Poisson bounds", () => {
  test.each(golden.poisson)("of $count at $confidence are SciPy's χ² quantiles", (known) => {
    const upper = expectValue(poissonUpperBound(known.count, known.confidence));
    const lower = expectValue(poissonLowerBound(known.count, known.confidence));
    expect(Math.abs(upper / known.upper - 1)).toBeLessThan(1e-10);
    expect(Math.abs(lower - known.lower)).toBeLessThanOrEqual(1e-10 * known.lower);
  });

  test("of no event are 0 and −ln(1 − confidence): 3.0 at 95 %", () => {
    expect(expectValue(poissonUpperBound(0, 0.95))).toBeCloseTo(-Math.log(0.05), 12);
    expect(expectValue(poissonLowerBound(0, 0.95))).toBe(0);
  });

  test("enclose the count and grow with it", () => {
    fc.assert(
      fc.property(
        fc.nat(10_000),
        fc.double({ min: 0.5, max: 0.999, noNaN: true }),
        (count, confidence) => {
          const upper = expectValue(poissonUpperBound(count, confidence));
          expect(upper).toBeGreaterThan(count);
          expect(expectValue(poissonLowerBound(count, confidence))).toBeLessThanOrEqual(count);
          expect(expectValue(poissonUpperBound(count + 1, confidence))).toBeGreaterThan(upper);
        },
      ),
    );
  });

  test("have no value of what is not a count, and refuse a confidence below one half", () => {
    for (const count of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2e9]) {
      expect(poissonUpperBound(count, 0.95)).toEqual({ defined: false, reason: "not-a-count" });
      expect(poissonLowerBound(count, 0.95)).toEqual({ defined: false, reason: "not-a-count" });
    }
    for (const confidence of [0.4, 1, Number.NaN]) {
      expect(() => poissonUpperBound(1, confidence)).toThrow(RangeError);
    }
  });
});

describe("Holm's adjustment", () => {
  test.each(golden.holm)("of $ps is the closure of Bonferroni's", ({ ps, adjusted }) => {
    holmAdjust(ps).forEach((p, i) => expect(p).toBeCloseTo(adjusted[i] as number, 14));
  });

  const ps = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 30 });

  test("never lowers a p, lies below Bonferroni's, and keeps the order", () => {
    fc.assert(
      fc.property(ps, (family) => {
        const adjusted = holmAdjust(family);
        family.forEach((p, i) => {
          expect(adjusted[i]).toBeGreaterThanOrEqual(p);
          expect(adjusted[i]).toBeLessThanOrEqual(Math.min(1, p * family.length));
        });
        const ordered = family
          .map((p, i) => ({ p, adjusted: adjusted[i] as number }))
          .toSorted((a, b) => a.p - b.p)
          .map((pair) => pair.adjusted);
        expect(ordered).toEqual(ordered.toSorted((p, q) => p - q));
      }),
    );
  });

  test("leaves a single p as it is, and nothing as nothing", () => {
    expect(holmAdjust([0.03])).toEqual([0.03]);
    expect(holmAdjust([])).toEqual([]);
  });

  test("refuses what is not a probability", () => {
    for (const p of [-0.1, 1.1, Number.NaN]) expect(() => holmAdjust([0.5, p])).toThrow(RangeError);
  });
});
