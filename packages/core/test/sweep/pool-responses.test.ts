import { expect, test } from "vitest";
import { poolResponses } from "../../src/sweep/pool-responses.ts";
import type { SweptAxis } from "../../src/sweep/swept-axis.ts";

const VARIANTS = ["a0 b0", "a0 b1", "a1 b0", "a1 b1"];

function axisOf(place: number): SweptAxis {
  const valueOf = new Map(VARIANTS.map((variant) => [variant, variant.split(" ")[place] ?? ""]));
  return { path: "ab"[place] ?? "", values: [...new Set(valueOf.values())], valueOf };
}

const [a, b] = [axisOf(0), axisOf(1)] as const;
const responses = [
  { variant: "a0 b0", values: [1, 2, 3] },
  { variant: "a0 b1", values: [100] },
  { variant: "a1 b0", values: [5, 7] },
  { variant: "a1 b1", values: [] },
];

test("over all axes every variant is a place of its own", () => {
  expect(poolResponses(responses, [a, b])).toEqual([
    { place: ["a0", "b0"], median: 2, trials: 3 },
    { place: ["a0", "b1"], median: 100, trials: 1 },
    { place: ["a1", "b0"], median: 6, trials: 2 },
    { place: ["a1", "b1"], median: null, trials: 0 },
  ]);
});

test("over fewer, the median is of all trials of a place and not of medians", () => {
  expect(poolResponses(responses, [a])).toEqual([
    // Of 1, 2, 3 and 100; the medians 2 and 100 would give 51.
    { place: ["a0"], median: 2.5, trials: 4 },
    { place: ["a1"], median: 6, trials: 2 },
  ]);
  expect(poolResponses(responses, [])).toEqual([{ place: [], median: 4, trials: 6 }]);
});
