import { expect, it } from "vitest";
import { alignSeries, findHoles } from "../../src/charts/align-series.ts";
import { rateOfGrowth } from "../../src/charts/rate-of-growth.ts";
import type { SeriesColumns } from "../../src/charts/trial-series.ts";

function series(points: readonly (readonly [number, number])[]): SeriesColumns {
  return {
    tMs: points.map(([t]) => t),
    mean: points.map(([, v]) => v),
    min: null,
    max: null,
    binMs: null,
  };
}

it("series that were read at different times share an axis: where one was not read it has no point, not a hole", () => {
  const fast = series([
    [0, 1],
    [100, 2],
    [200, 3],
  ]);
  const slow = series([
    [50, 9],
    [150, 8],
  ]);
  const { tMs, columns } = alignSeries([fast, slow]);
  expect(tMs).toEqual([0, 50, 100, 150, 200]);
  expect(columns[0]?.mean).toEqual([1, undefined, 2, undefined, 3]);
  expect(columns[1]?.mean).toEqual([undefined, 9, undefined, 8, undefined]);
});

it("a missed sample is a hole of its own line and is never bridged", () => {
  const holed = series([
    [0, 1],
    [100, 1],
    [200, 1],
    [600, 1],
    [700, 1],
  ]);
  const whole = series([
    [0, 2],
    [100, 2],
    [200, 2],
    [300, 2],
    [400, 2],
  ]);
  expect(findHoles(holed.tMs)).toEqual([400]);
  const { tMs, columns } = alignSeries([holed, whole]);
  expect(columns[0]?.mean[tMs.indexOf(400)]).toBeNull();
  expect(columns[1]?.mean[tMs.indexOf(400)]).toBe(2);
});

it("one sample, two samples and none are no holes", () => {
  expect(findHoles([])).toEqual([]);
  expect(findHoles([5])).toEqual([]);
  expect(findHoles([5, 5000])).toEqual([]);
});

it("the rate of a count is its growth over the time it took, at the later moment", () => {
  const { tMs, mean } = rateOfGrowth(
    series([
      [0, 0],
      [200, 80],
      [400, 80],
      [1000, 380],
    ]),
  );
  expect([...(tMs as number[])]).toEqual([200, 400, 1000]);
  expect([...(mean as number[])]).toEqual([400, 0, 500]);
});

it("a count that fell says nothing for that moment", () => {
  const { tMs } = rateOfGrowth(
    series([
      [0, 100],
      [200, 5],
      [400, 15],
    ]),
  );
  expect(tMs).toEqual([400]);
});
