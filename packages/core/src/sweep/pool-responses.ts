import { medianOrNull } from "../statistics/quantile.ts";
import type { SweptAxis } from "./swept-axis.ts";

/** What the completed trials of a variant measured of one metric. */
export interface VariantResponse {
  readonly variant: string;
  readonly values: readonly number[];
}

/** All variants that have the same values on some axes, taken together. */
export interface PooledResponse {
  /** The value on each of those axes, in their order; empty for one that the variants do not have. */
  readonly place: readonly string[];
  /** Over every trial of every variant of the place, so that no median is taken of medians; null where there is none. */
  readonly median: number | null;
  readonly trials: number;
}

/** Medians at each place that some axes span, over all values of the axes that are not among them. */
export function poolResponses(
  responses: readonly VariantResponse[],
  axes: readonly SweptAxis[],
): PooledResponse[] {
  const byPlace = Map.groupBy(responses, ({ variant }) =>
    JSON.stringify(axes.map(({ valueOf }) => valueOf.get(variant) ?? "")),
  );
  return [...byPlace].map(([place, group]) => {
    const values = group.flatMap((response) => response.values);
    return {
      place: JSON.parse(place) as string[],
      median: medianOrNull(values),
      trials: values.length,
    };
  });
}
