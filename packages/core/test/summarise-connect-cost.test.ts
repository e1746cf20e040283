import * as fc from "fast-check";
import { expect, test } from "vitest";
import { CONNECT_COST_BANDS, summariseConnectCost } from "../src/summarise-connect-cost.ts";

test("every call counts once, in the quarter of the range that was taken", () => {
  const points = [
    { percent: 0, count: 1, meanUs: 10 },
    { percent: 24, count: 3, meanUs: 50 },
    { percent: 25, count: 2, meanUs: 7 },
    { percent: 75, count: 1, meanUs: 100 },
    { percent: 100, count: 1, meanUs: 300 },
  ];
  expect(summariseConnectCost(points)).toEqual({ calls: 8, meansUs: [40, 7, null, 200] });
  expect(summariseConnectCost([])).toEqual({ calls: 0, meansUs: [null, null, null, null] });
});

test("is the mean of the calls themselves, however they are put into points", () => {
  const call = fc.record({ percent: fc.integer({ min: 0, max: 100 }), us: fc.nat(10_000) });
  fc.assert(
    fc.property(fc.array(call, { minLength: 1, maxLength: 60 }), (calls) => {
      const points = [...Map.groupBy(calls, ({ percent }) => percent)].map(([percent, group]) => {
        return { percent, count: group.length, meanUs: sum(group) / group.length };
      });
      const { meansUs, calls: counted } = summariseConnectCost(points);
      expect(counted).toBe(calls.length);
      const expected = CONNECT_COST_BANDS.map((_, i) => {
        const inBand = calls.filter(({ percent }) => Math.min(3, Math.floor(percent / 25)) === i);
        return inBand.length === 0 ? null : sum(inBand) / inBand.length;
      });
      const differences = meansUs.map((us, i) => Math.abs((us ?? -1) - (expected[i] ?? -1)));
      expect(Math.max(...differences)).toBeLessThan(1e-6);
    }),
  );
});

function sum(calls: readonly { readonly us: number }[]): number {
  return calls.reduce((total, { us }) => total + us, 0);
}
