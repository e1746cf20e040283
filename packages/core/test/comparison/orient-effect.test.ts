import { describe, expect, test } from "vitest";
import { compareVariants } from "../../src/compare-variants.ts";
import type { PairedComparison } from "../../src/comparison/comparison.ts";
import {
  isBetter,
  isWithinMargin,
  isWorse,
  type OrientedEffect,
  orientEffect,
} from "../../src/comparison/orient-effect.ts";
import { trialsOf } from "../fixtures/measured-trials.ts";

const RATE = "client.connections.rate";
const P50 = "client.latency.connect.p50";

function compare(name: string, from: readonly number[], to: readonly number[]): PairedComparison {
  const [comparison] = compareVariants(trialsOf(name, from), trialsOf(name, to));
  if (comparison?.basis !== "paired") throw new Error("the comparison is not paired");
  return comparison;
}

const from = [100, 100, 100, 100, 100, 100];
const to = [104, 110, 112, 113, 150, 190];

describe("an effect turned towards worse", () => {
  test("is the effect itself where lower is better", () => {
    const comparison = compare(P50, from, to);
    const { effect, low, high } = comparison;
    expect(orientEffect(comparison, 0.07)).toEqual({ center: effect, low, high, margin: 0.07 });
  });

  test("changes sign, and its ends change places, where higher is better", () => {
    const comparison = compare(RATE, from, to);
    const oriented = orientEffect(comparison, 0.07) as OrientedEffect;
    expect(oriented.low).toBe(-(comparison.high ?? 0));
    expect(oriented.high).toBe(-(comparison.low ?? 0));
    expect(oriented.low).toBeLessThan(oriented.center);
    expect(oriented.high).toBeGreaterThan(oriented.center);
    expect(isBetter(oriented)).toBe(true);
  });

  test("has the margin of its class, in its unit, where the baseline is zero", () => {
    const share = "client.ports.utilisation_peak";
    const zeros = [0, 0, 0, 0, 0];
    const comparison = compare(share, zeros, [0.2, 0.2, 0.2, 0.2, 0.2]);
    expect(orientEffect(comparison, 9)).toEqual({ center: 0.2, low: 0.2, high: 0.2, margin: 0.01 });
  });

  test("is nothing without an interval or without a worse direction", () => {
    expect(orientEffect(compare(P50, [1, 1], [2, 2]), 0.05)).toBeNull();
    expect(orientEffect(compare("client.tcpext.TW", from, to), 0.05)).toBeNull();
  });
});

test.each([
  ["sure and large", { center: 0.2, low: 0.1, high: 0.3 }, [true, false, false]],
  ["large but not sure", { center: 0.2, low: -0.1, high: 0.5 }, [false, false, false]],
  ["sure but small", { center: 0.03, low: 0.02, high: 0.04 }, [false, false, true]],
  [
    "sure, and either side of the margin",
    { center: 0.04, low: 0.01, high: 0.07 },
    [false, false, false],
  ],
  ["better, sure and large", { center: -0.2, low: -0.3, high: -0.1 }, [false, true, true]],
  ["better, large but not sure", { center: -0.2, low: -0.5, high: 0.1 }, [false, false, false]],
  ["better, sure but small", { center: -0.02, low: -0.09, high: -0.01 }, [false, false, true]],
])("an effect that is %s", (_, effect, [worse, better, within]) => {
  const oriented = { ...effect, margin: 0.05 };
  expect(isWorse(oriented)).toBe(worse);
  expect(isBetter(oriented)).toBe(better);
  expect(isWithinMargin(oriented)).toBe(within);
});
