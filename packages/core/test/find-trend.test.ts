import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type CountPoint, findTrend } from "../src/find-trend.ts";
import { seedUniform } from "../src/seeded-random.ts";
import { expectValue } from "../src/statistics/statistic.ts";
import { trendP } from "../src/statistics/trend-p.ts";

/** All orders of a few values. */
function listOrders(values: readonly number[]): number[][] {
  if (values.length <= 1) return [[...values]];
  return values.flatMap((value, i) =>
    listOrders(values.toSpliced(i, 1)).map((rest) => [value, ...rest]),
  );
}

function scoreOf(values: readonly number[]): number {
  return values
    .flatMap((value, i) => values.slice(i + 1).map((later) => Math.sign(later - value)))
    .reduce((sum, sign) => sum + sign, 0);
}

describe("the p of a trend", () => {
  test("is the share of all orders that rise or fall as much", () => {
    const six = fc.uniqueArray(fc.integer(), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(six, (values) => {
        const orders = listOrders(values);
        const reached = orders.filter(
          (order) => Math.abs(scoreOf(order)) >= Math.abs(scoreOf(values)),
        );
        expect(expectValue(trendP(values))).toBeCloseTo(reached.length / orders.length, 12);
      }),
      { numRuns: 60 },
    );
  });

  test("is the same backwards and upside down, and 1 where nothing moves", () => {
    const anything = fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(anything, (values) => {
        const p = trendP(values);
        expect(trendP(values.toReversed())).toEqual(p);
        expect(trendP(values.map((value) => -value))).toEqual(p);
        expect(expectValue(trendP(values.map(() => 7)))).toBeCloseTo(1, 12);
      }),
    );
  });

  test("of n values in order is 2/n!", () => {
    expect(expectValue(trendP([1, 2, 3, 4, 5]))).toBeCloseTo(2 / 120, 15);
    expect(trendP([])).toEqual({ defined: false, reason: "empty" });
  });
});

/** Samples at 5 Hz of a count whose rate, per ms, is a function of the share of the phase that is over. */
function countOver(measureMs: number, rateAt: (share: number) => number): CountPoint[] {
  let count = 0;
  return Array.from({ length: measureMs / 200 + 1 }, (_, i) => {
    const point = { atMs: i * 200, count };
    count += 200 * rateAt((i * 200) / measureMs);
    return point;
  });
}

describe("a rate", () => {
  test.each([
    ["is steady", () => 1, null],
    ["falls by a tenth", (share: number) => 1.05 - 0.1 * share, -0.09],
    ["rises by a fifth", (share: number) => 0.9 + 0.2 * share, 0.18],
    ["falls by less than its margin", (share: number) => 1.01 - 0.02 * share, null],
  ])("that %s", (_, rateAt, change) => {
    const trend = findTrend(countOver(8000, rateAt), 8000);
    expect(trend && Number(trend.change.toFixed(2))).toBe(change);
  });

  test("that is only noisy has a trend in at most 1.5 % of trials", () => {
    const uniform = seedUniform(5);
    const found = Array.from({ length: 2000 }, () =>
      findTrend(
        countOver(8000, () => 1 + 0.5 * uniform()),
        8000,
      ),
    ).filter((trend) => trend !== null);
    expect(found.length).toBeLessThanOrEqual(30);
  });

  test("cannot be told where a window has no sample, or the phase is short", () => {
    const falling = countOver(8000, (share) => 1.5 - share);
    expect(findTrend(falling, 8000)).not.toBeNull();
    expect(
      findTrend(
        falling.filter(({ atMs }) => atMs < 4000 || atMs > 4800),
        8000,
      ),
    ).toBeNull();
    expect(
      findTrend(
        countOver(1000, (share) => 1.5 - share),
        1000,
      ),
    ).toBeNull();
    expect(findTrend([], 8000)).toBeNull();
  });
});
