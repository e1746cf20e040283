import { expect, test } from "vitest";
import {
  addConnect,
  CONNECT_COST_CELLS,
  describeConnectCosts,
  mergeConnectCosts,
} from "../src/connect-cost.ts";

/** A run that fills a range of 1000 ports, one connect() per millisecond. */
function fillRange(costUs: (percent: number) => number): Float64Array {
  const cells = new Float64Array(CONNECT_COST_CELLS);
  for (let port = 0; port < 1000; port++) {
    const percent = Math.floor(port / 10);
    addConnect(cells, percent, { tookUs: costUs(percent), tMs: port });
  }
  return cells;
}

const HALF_RANGE_CLIFF = fillRange((percent) => (percent < 50 ? 10 : 1000));

test("a cliff at half of the range is named, with the time it was reached", () => {
  const [table, cliff] = describeConnectCosts(mergeConnectCosts([HALF_RANGE_CLIFF]));
  expect(table).toMatchObject({ kind: "connect-by-port-use" });
  expect(cliff).toEqual({
    role: "client",
    tMs: 500,
    kind: "connect-cliff",
    detail: { portUsePercent: 50, beforeUs: 10, afterUs: 1000 },
  });
});

test("a single slow row is no cliff, nor is a cost that rises evenly", () => {
  const outlier = fillRange((percent) => (percent === 30 ? 5000 : 10));
  const slope = fillRange((percent) => 10 + percent / 5);
  for (const cells of [outlier, slope]) {
    const kinds = describeConnectCosts(mergeConnectCosts([cells])).map(({ kind }) => kind);
    expect(kinds).toEqual(["connect-by-port-use"]);
  }
});

test("a step far below half of the range has another cause, and is no cliff", () => {
  const step = fillRange((percent) => (percent < 16 ? 10 : 1000));
  const kinds = describeConnectCosts(mergeConnectCosts([step])).map(({ kind }) => kind);
  expect(kinds).toEqual(["connect-by-port-use"]);
});

test("tables of workers are added up, and the first time is that of the first", () => {
  const late = new Float64Array(CONNECT_COST_CELLS);
  addConnect(late, 20, { tookUs: 110, tMs: 900 });
  const merged = mergeConnectCosts([HALF_RANGE_CLIFF, late]);
  const row = merged.find(({ percent }) => percent === 20);
  expect(row).toEqual({ percent: 20, count: 11, meanUs: 210 / 11, firstMs: 200 });
});

test("of a row, the first is the one that began first, whenever each was established", () => {
  const cells = new Float64Array(CONNECT_COST_CELLS);
  for (const tMs of [40, 30, 50]) addConnect(cells, 20, { tookUs: 10, tMs });
  expect(mergeConnectCosts([cells])).toMatchObject([{ percent: 20, count: 3, firstMs: 30 }]);
});

test("where hardly any port is used there is nothing to tell", () => {
  const cells = new Float64Array(CONNECT_COST_CELLS);
  for (let i = 0; i < 100; i++) addConnect(cells, 3, { tookUs: 10, tMs: i });
  expect(describeConnectCosts(mergeConnectCosts([cells]))).toEqual([]);
  expect(describeConnectCosts([])).toEqual([]);
});
