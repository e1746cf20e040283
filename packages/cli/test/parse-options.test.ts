import { expect, test } from "vitest";
import { collect, parseNames, parseWhole } from "../src/parse-options.ts";

test.each([
  ["0", 0],
  ["7", 7],
  ["0010", 10],
  ["65535", 65_535],
])("%s is a whole number", (text, whole) => {
  expect(parseWhole(0, 65_535)(text)).toBe(whole);
});

test.each(["", " ", "-1", "+1", "1.0", "1e3", "0x10", "x", "65536", "99999999999999999999"])(
  "%j is none from 0 to 65535",
  (text) => {
    expect(() => parseWhole(0, 65_535)(text)).toThrow("It must be a whole number from 0 to 65535.");
  },
);

test("without a bound above it is one that is counted exactly", () => {
  expect(parseWhole(1)("9007199254740991")).toBe(Number.MAX_SAFE_INTEGER);
  expect(() => parseWhole(1)("9007199254740992")).toThrow("of at least 1");
  expect(() => parseWhole(1)("0")).toThrow("of at least 1");
});

test("names are separated by commas, and options that may be repeated are kept in order", () => {
  expect(parseNames("a, b,c ")).toEqual(["a", "b", "c"]);
  expect(collect("b", collect("a"))).toEqual(["a", "b"]);
});
