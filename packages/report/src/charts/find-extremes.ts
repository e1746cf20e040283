import type { ChartLine, ChartValue } from "./time-chart.ts";

export interface Peak {
  readonly value: number;
  readonly tMs: number;
}

/** The highest value of a line and when it was first reached; null where the line has no value. */
export function findPeak(
  line: Pick<ChartLine, "values" | "high">,
  tMs: readonly number[],
): Peak | null {
  let peak: Peak | null = null;
  (line.high ?? line.values).forEach((value, i) => {
    if (value == null || (peak !== null && value <= peak.value)) return;
    peak = { value, tMs: tMs[i] as number };
  });
  return peak;
}

/** The last value of a line; null where it has none. */
export function findLast(values: readonly ChartValue[]): number | null {
  return values.findLast((value) => value != null) ?? null;
}
