import type { ChartLine, ChartValue } from "./time-chart.ts";

/** The tops of stacked areas: each the sum of itself and those below it. */
export function stackTops(areas: readonly ChartLine[]): (readonly ChartValue[])[] {
  const tops: (readonly ChartValue[])[] = [];
  for (const { values } of areas) {
    const below = tops.at(-1);
    tops.push(values.map((value, i) => addValues(below === undefined ? 0 : below[i], value)));
  }
  return tops;
}

function addValues(below: ChartValue, value: ChartValue): ChartValue {
  if (value == null || below == null) return value === null || below === null ? null : undefined;
  return below + value;
}
