import { expect, it } from "vitest";
import { orderAxesByEffect } from "../../src/sweep/order-axes-by-effect.ts";
import type { SweptAxis } from "../../src/sweep/swept-axis.ts";

const VARIANTS = ["a0 b0", "a0 b1", "a1 b0", "a1 b1"];

function axisOf(place: number): SweptAxis {
  const valueOf = new Map(VARIANTS.map((variant) => [variant, variant.split(" ")[place] ?? ""]));
  return { path: "ab"[place] ?? "", values: [...new Set(valueOf.values())], valueOf };
}

it("axes are ordered by how far apart the means of their values lie", () => {
  const axes = [axisOf(0), axisOf(1)];
  const pathsBy = (responses: Readonly<Record<string, number | null>>): string[] =>
    orderAxesByEffect(axes, (variant) => responses[variant] ?? null).map(({ path }) => path);
  expect(pathsBy({ "a0 b0": 1, "a0 b1": 9, "a1 b0": 2, "a1 b1": 10 })).toEqual(["b", "a"]);
  expect(pathsBy({ "a0 b0": 1, "a0 b1": 2, "a1 b0": 9, "a1 b1": 10 })).toEqual(["a", "b"]);
});

it("a variant that measured nothing has no part in the effect of its values", () => {
  const responses: Readonly<Record<string, number>> = { "a0 b0": 5, "a1 b0": 6 };
  const ordered = orderAxesByEffect(
    [axisOf(1), axisOf(0)],
    (variant) => responses[variant] ?? null,
  );
  expect(ordered.map(({ path }) => path)).toEqual(["a", "b"]);
});
