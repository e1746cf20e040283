import { expect, test } from "vitest";
import { deltaCounters } from "../src/delta-counters.ts";

const reading = (counters: Record<string, number>) => ({ gauges: {}, counters });

test("the growth of a counter is its difference, zero included", () => {
  const { deltas } = deltaCounters(reading({ a: 5, b: 7 }), reading({ a: 9, b: 7 }));
  expect(deltas).toEqual({ a: 4, b: 0 });
});

test("a counter that decreased is named, and has no growth", () => {
  expect(deltaCounters(reading({ a: 5, b: 1 }), reading({ a: 4, b: 2 }))).toEqual({
    deltas: { b: 1 },
    wrapped: ["a"],
    appeared: [],
    vanished: [],
  });
});

test("a counter that only one reading has is named, and has no growth", () => {
  expect(deltaCounters(reading({ old: 5 }), reading({ new: 6 }))).toEqual({
    deltas: {},
    wrapped: [],
    appeared: ["new"],
    vanished: ["old"],
  });
});
