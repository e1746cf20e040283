import { expect, it } from "vitest";
import { rowOfRounds } from "../benchmark.ts";
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

it("prints an aligned table with the target beside the figure", () => {
  const rows = [
    rowOfRounds({ id: "version", unit: "ms", target: { max: 150 } }, [47.3]),
    rowOfRounds({ id: "rate", unit: "connections/s" }, [31_234.5]),
  ];
  const lines = formatTable(rows).split("\n");
  expect(lines[2]).toBe("| version | 47.3   | ms            | 47.3 … 47.3      | ≤ 150  | ✓   |");
  expect(new Set(lines.map((line) => line.length)).size).toBe(1);
});
