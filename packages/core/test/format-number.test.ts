import { describe, expect, test } from "vitest";
import { formatCount, formatNumber } from "../src/format-number.ts";

describe("numbers for people", () => {
  test.each([
    [0, "0"],
    [999, "999"],
    [3200, "3 200"],
    [-28_232, "−28 232"],
    [1_234_567, "1 234 567"],
    [1712.6, "1 713"],
    [99.96, "100.0"],
    [12.34, "12.3"],
    [3.456, "3.46"],
    [0.3123, "0.312"],
    [-0.0004, "−0.0004"],
    [0.000_071_2, "0.00007"],
    [-1e-12, "0"],
  ])("%d is %s", (value, text) => {
    expect(formatNumber(value)).toBe(text);
  });

  test("counts have their noun", () => {
    expect([0, 1, 2].map((count) => formatCount(count, "trial"))).toEqual([
      "0 trials",
      "1 trial",
      "2 trials",
    ]);
  });
});
