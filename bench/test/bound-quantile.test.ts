import { describe, expect, it } from "vitest";
import { boundQuantile } from "../bound-quantile.ts";

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);
const P99 = { share: 0.99, confidence: 0.95 };

describe("the upper bound of a quantile", () => {
  // 0.99^299 = 0.0495, 0.99^298 = 0.0500...: as in the tables of Wilks for 99 % coverage with 95 % confidence.
  it.each([
    [299, 299],
    [472, 472],
    [473, 472],
    [626, 625],
    [628, 626],
  ])("of %i values is the one of rank %i", (count, rank) => {
    expect(boundQuantile(upTo(count), P99)).toBe(rank);
    expect(boundQuantile(upTo(count).toReversed(), P99)).toBe(rank);
  });

  it("is not to be had from fewer than 299", () => {
    expect(() => boundQuantile(upTo(298), P99)).toThrow("298 values bound no quantile");
  });
});
