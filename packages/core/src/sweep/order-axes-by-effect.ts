import { maxOf, minOf } from "../extremes.ts";
import type { SweptAxis } from "./swept-axis.ts";

/**
 * Axes by their main effect on a response, the greatest first: how far apart the means over the variants of each value
 * lie. `responseOf` gives a variant's median; null where it has none.
 */
export function orderAxesByEffect(
  axes: readonly SweptAxis[],
  responseOf: (variant: string) => number | null,
): SweptAxis[] {
  const effects = new Map(axes.map((axis) => [axis, spreadOf(axis, responseOf)]));
  const effectOf = (axis: SweptAxis): number => effects.get(axis) ?? 0;
  return axes.toSorted((a, b) => effectOf(b) - effectOf(a));
}

function spreadOf(
  { values, valueOf }: SweptAxis,
  responseOf: (variant: string) => number | null,
): number {
  const means = values.flatMap((value) => {
    const responses = [...valueOf]
      .filter(([, own]) => own === value)
      .map(([variant]) => responseOf(variant))
      .filter((response) => response !== null);
    if (responses.length === 0) return [];
    return responses.reduce((sum, response) => sum + response, 0) / responses.length;
  });
  return means.length === 0 ? 0 : maxOf(means) - minOf(means);
}
