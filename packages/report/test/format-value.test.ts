import { describe, expect, test } from "vitest";
import { formatClock, formatValue } from "../src/index.ts";

describe("numbers for people", () => {
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
});
