import { describe, expect, test } from "vitest";
import { formatClock, formatCount, formatNumber, formatValue } from "../src/index.ts";

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
    [-0.0001, "0.000"],
  ])("%d is %s", (value, text) => {
    expect(formatNumber(value)).toBe(text);
  });

  test.each([
    [312, "us", "312 µs"],
    [12.3, "us", "12.3 µs"],
    [12_345, "us", "12.3 ms"],
    [5_123_000, "us", "5.12 s"],
    [5120.25, "ms", "5.12 s"],
    [0.25, "ms", "250 µs"],
    [0.5, "share", "50 %"],
    [0.123, "share", "12.3 %"],
    [256, "/s", "256/s"],
    [1712.4, "/s", "1 712/s"],
    [2048, "sockets", "2 048"],
    [null, "us", "–"],
    [Number.NaN, "us", "NaN"],
  ])("%d %s is %s", (value, unit, text) => {
    expect(formatValue(value, unit)).toBe(text);
  });

  test.each([
    [0, "00:00"],
    [44_999, "00:44"],
    [3_725_000, "1:02:05"],
    [-5, "00:00"],
  ])("%d ms on a clock is %s", (ms, text) => {
    expect(formatClock(ms)).toBe(text);
  });

  test("counts have their noun", () => {
    expect([0, 1, 2].map((count) => formatCount(count, "trial"))).toEqual([
      "0 trials",
      "1 trial",
      "2 trials",
    ]);
  });
});
