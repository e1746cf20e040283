import { expect, it } from "vitest";
import { rowOfDifferences, rowOfRounds } from "../benchmark.ts";
import { formatTable } from "../format-table.ts";

it("reduces rounds to their median and range", () => {
  expect(rowOfRounds({ id: "a", unit: "ms" }, [30, 10, 20])).toEqual({
    id: "a",
    value: 20,
    unit: "ms",
    low: 10,
    high: 30,
    target: null,
    met: null,
  });
  expect(rowOfRounds({ id: "a", unit: "ms" }, [4, 1, 3, 2]).value).toBe(2.5);
});

it("holds the median against its target, from above or below", () => {
  const met = (target: { max: number } | { min: number }) =>
    rowOfRounds({ id: "a", unit: "ms", target }, [20]).met;
  expect([met({ max: 20 }), met({ max: 19 }), met({ min: 20 }), met({ min: 21 })]).toEqual([
    true,
    false,
    true,
    false,
  ]);
});

it("refuses a figure without rounds", () => {
  expect(() => rowOfRounds({ id: "nothing", unit: "ms" }, [])).toThrow(RangeError);
});

it("gives a median difference with the interval of the sign test", () => {
  const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);
  const intervalOf = (count: number): number[] => {
    const { low, high } = rowOfDifferences({ id: "a", unit: "us" }, upTo(count).toReversed());
    return [low, high];
  };
  // Hollander, Wolfe and Chicken 2014, table A.2: the ranks of the 95 % interval.
  expect([6, 10, 20, 50].map(intervalOf)).toEqual([
    [1, 6],
    [2, 9],
    [6, 15],
    [18, 33],
  ]);
  expect(rowOfDifferences({ id: "a", unit: "us", target: { max: 10 } }, upTo(20))).toMatchObject({
    value: 10.5,
    met: false,
  });
  for (const count of [0, 5, 1001]) expect(() => intervalOf(count)).toThrow(RangeError);
});

it("prints an aligned table with the target beside the figure", () => {
  const rows = [
    rowOfRounds({ id: "version", unit: "ms", target: { max: 150 } }, [47.3]),
    rowOfRounds({ id: "rate", unit: "connections/s" }, [31_234.5]),
  ];
  const lines = formatTable(rows).split("\n");
  expect(lines[2]).toBe("| version | 47.3   | ms            | 47.3 … 47.3      | ≤ 150  | ✓   |");
  expect(new Set(lines.map((line) => line.length)).size).toBe(1);
});
