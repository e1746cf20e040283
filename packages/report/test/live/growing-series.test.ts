import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GrowingSeries } from "../../src/live/growing-series.ts";

function fill(values: readonly number[], pointsMax: number): GrowingSeries {
  const series = new GrowingSeries(pointsMax);
  values.forEach((value, i) => series.add(i * 100, value));
  return series;
}

describe("a growing series", () => {
  it("keeps every sample as it is while it has room", () => {
    const { tMs, mean, min, max, binMs } = fill([3, 1, 2], 10).toColumns();
    expect({ tMs, mean, min, max, binMs }).toEqual({
      tMs: [0, 100, 200],
      mean: [3, 1, 2],
      min: null,
      max: null,
      binMs: null,
    });
  });

  it("merges neighbours when it is full, and says how wide its bins are", () => {
    const { tMs, mean, min, max, binMs } = fill([0, 10, 20, 30, 40, 50], 4).toColumns();
    expect({ tMs, mean, min, max, binMs }).toEqual({
      tMs: [0, 200, 400],
      mean: [5, 25, 45],
      min: [0, 20, 40],
      max: [10, 30, 50],
      binMs: 200,
    });
  });

  it("never grows beyond its bound, loses no extreme, and keeps time in order", () => {
    const values = fc.array(fc.integer({ min: -1000, max: 1000 }), {
      minLength: 1,
      maxLength: 3000,
    });
    fc.assert(
      fc.property(values, fc.integer({ min: 2, max: 64 }), (samples, pointsMax) => {
        const grown = fill(samples, pointsMax).toGrown();
        expect(grown.tMs.length).toBeLessThanOrEqual(pointsMax);
        expect(Math.min(...grown.min)).toBe(Math.min(...samples));
        expect(Math.max(...grown.max)).toBe(Math.max(...samples));
        expect(grown.tMs).toEqual(grown.tMs.toSorted((a, b) => a - b));
        expect(grown.tMs[0]).toBe(0);
      }),
    );
  });

  it("goes on elsewhere from what it has grown to", () => {
    const here = fill(
      Array.from({ length: 50 }, (_, i) => i),
      20,
    );
    const there = new GrowingSeries(20, JSON.parse(JSON.stringify(here.toGrown())));
    for (const series of [here, there]) for (let i = 50; i < 99; i++) series.add(i * 100, i);
    expect(there.toGrown()).toEqual(here.toGrown());
    expect(there.last).toBe(98);
  });
});
