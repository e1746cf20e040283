import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { seedUniform } from "../../src/seeded-random.ts";
import { detectChangePoints, shortestSeries } from "../../src/statistics/detect-change-points.ts";
import {
  findBestSplit,
  measureSplit,
  pairwiseDistances,
} from "../../src/statistics/energy-split.ts";
import { expectValue } from "../../src/statistics/statistic.ts";
import golden from "../fixtures/statistics/golden.json" with { type: "json" };
import noise from "../fixtures/statistics/noise.json" with { type: "json" };

const MARGIN = 0.05;

/** Stored 3 % noise around levels, each held for `length` runs; `offset` chooses the stretch of noise. */
function historyOf(levels: readonly number[], length: number, offset = 0): number[] {
  return levels.flatMap((level, stage) =>
    Array.from({ length }, (_, i) => {
      const place = (offset + stage * length + i) % noise.noisePpm.length;
      return level * Math.exp((noise.noisePpm[place] as number) / 1e6);
    }),
  );
}

const detect = (series: readonly number[], seed = 1) =>
  expectValue(detectChangePoints(series, { magnitudeMin: MARGIN, seed }));

describe("the energy distance", () => {
  test.each(golden.energy)("finds the split that the definition finds", ({ series, best }) => {
    const order = Int32Array.from(series.keys());
    const found = findBestSplit(pairwiseDistances(series), order);
    const scale = Math.max(...series.map(Math.abs));
    expect(found?.index).toBe(best.index);
    expect((found?.distance as number) * scale).toBeCloseTo(best.distance, 9);
  });

  test("of one split of a whole series is at most that of the best split", () => {
    const series = fc.array(fc.double({ min: -10, max: 10, noNaN: true }), {
      minLength: 4,
      maxLength: 20,
    });
    fc.assert(
      fc.property(series, fc.nat(), (values, seed) => {
        const distances = pairwiseDistances(values);
        const best = findBestSplit(distances, Int32Array.from(values.keys()))?.distance as number;
        const index = 2 + (seed % (values.length - 3));
        expect(measureSplit(distances, index)).toBeLessThanOrEqual(best + 1e-9);
      }),
    );
  });
});

describe("change points", () => {
  test("are found where the level changes by 10 % under 3 % noise, within two runs", () => {
    const changes = detect(historyOf([100, 110], 40));
    expect(changes).toHaveLength(1);
    expect(Math.abs((changes[0]?.index as number) - 40)).toBeLessThanOrEqual(2);
    expect(changes[0]?.effect).toBeCloseTo(0.1, 1);
    expect(changes[0]?.p).toBeLessThanOrEqual(0.001);
  });

  test("are found each, in a history longer than the window, and back again", () => {
    const changes = detect(historyOf([100, 120, 100, 80], 60));
    expect(changes.map(({ index }) => Math.round(index / 5) * 5)).toEqual([60, 120, 180]);
    expect(changes.map(({ effect }) => Math.sign(effect as number))).toEqual([1, -1, -1]);
  });

  test("do not appear in noise: 40 histories of 100 runs raise no alert", () => {
    const alerts = Array.from({ length: 40 }, (_, i) => detect(historyOf([100], 100, i * 47), i));
    expect(alerts.flat()).toEqual([]);
  });

  test("are not raised by one wild run, nor by a sure change below the margin", () => {
    const wild = historyOf([100], 60);
    wild[30] = 1000;
    expect(detect(wild)).toEqual([]);
    expect(detect(historyOf([100, 103], 100))).toEqual([]);
  });

  test("depend on the seed and the series alone", () => {
    const series = historyOf([100, 108], 30);
    expect(detect(series, 9)).toEqual(detect(series, 9));
  });

  test("from zero have no ratio, and to zero are −100 %", () => {
    const zeros = Array.from({ length: 20 }, () => 0);
    const ones = Array.from({ length: 20 }, () => 7);
    expect(detect([...zeros, ...ones])).toMatchObject([
      { index: 20, before: 0, after: 7, effect: null },
    ]);
    expect(detect([...ones, ...zeros])).toMatchObject([{ index: 20, effect: -1 }]);
  });

  test("stay finite for any finite series", () => {
    const wide = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), {
      minLength: 14,
      maxLength: 30,
    });
    fc.assert(
      fc.property(wide, (series) => {
        for (const { before, after, effect, p } of detect(series)) {
          expect([before, after, effect ?? 0, p].every(Number.isFinite)).toBe(true);
        }
      }),
      { numRuns: 50 },
    );
  });

  test("are not looked for in a series too short for the p, or with a hole", () => {
    expect(shortestSeries(0.001)).toBe(14);
    const short = Array.from({ length: 13 }, (_, i) => (i < 6 ? 1 : 100));
    const options = { magnitudeMin: MARGIN };
    expect(detectChangePoints(short, options)).toEqual({ defined: false, reason: "too-few" });
    expect(detectChangePoints([], options)).toEqual({ defined: false, reason: "empty" });
    expect(detectChangePoints([...short, Number.NaN], options)).toEqual({
      defined: false,
      reason: "not-finite",
    });
    expect(detect([...short, ...Array.from({ length: 7 }, () => 100)])).toHaveLength(1);
  });

  test("cost little in a long history without a change", () => {
    const uniform = seedUniform(3);
    const series = Array.from({ length: 2000 }, () => 100 + uniform());
    expect(detect(series)).toEqual([]);
  });
});
