import * as fc from "fast-check";
import { expect, test } from "vitest";
import { formatDurationMs, parseDurationMs } from "../src/parse-duration.ts";
import { parseRatePerS } from "../src/parse-rate.ts";
import { parseShare } from "../src/parse-share.ts";

test.each([
  ["0s", 0],
  ["8s", 8000],
  ["500ms", 500],
  ["250us", 0.25],
  ["1.5s", 1500],
  ["1m30s", 90_000],
  ["2h", 7_200_000],
])("the duration %s is %d ms", (text, ms) => expect(parseDurationMs(text)).toBe(ms));

test.each(["", "8", "8 s", "s", "-1s", "8sec", "1d", "1.s", "0x8s", "8s ", "1e3ms", "∞"])(
  "%j is no duration",
  (text) => expect(parseDurationMs(text)).toBeNull(),
);

test.each([
  ["400/s", 400],
  ["24000/m", 400],
  ["1800/h", 0.5],
  ["0.5/s", 0.5],
])("the rate %s is %d per second", (text, perS) => expect(parseRatePerS(text)).toBe(perS));

test.each(["400", "/s", "400/", "400 /s", "-1/s", "400/ms", "400/s/s", "1e3/s"])(
  "%j is no rate",
  (text) => expect(parseRatePerS(text)).toBeNull(),
);

test.each([
  ["10%", 0.1],
  ["0%", 0],
  ["2.5%", 0.025],
  ["150%", 1.5],
])("%s is a share of %d", (text, share) => expect(parseShare(text)).toBeCloseTo(share, 12));

test.each(["10", "%", "-1%", "10 %", "10%%"])("%j is no percentage", (text) => {
  expect(parseShare(text)).toBeNull();
});

test.each([
  [0, "0s"],
  [0.25, "250us"],
  [8000, "8s"],
  [1500, "1.5s"],
  [90_000, "1m30s"],
  [7_200_000, "2h"],
  [3_600_500, "3600500ms"],
])("%d ms is written %s", (ms, text) => expect(formatDurationMs(ms)).toBe(text));

test("a duration of whole milliseconds is read back as it was", () => {
  fc.assert(
    fc.property(fc.nat(400_000_000), (ms) => {
      expect(parseDurationMs(formatDurationMs(ms))).toBe(ms);
    }),
  );
});
