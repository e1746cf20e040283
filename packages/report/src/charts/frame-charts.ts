import { maxOf, minOf } from "@churnlab/core/extremes";
import { stackTops } from "./stack-areas.ts";
import type { TimeChart } from "./time-chart.ts";
import type { PhaseSpan } from "./trial-series.ts";

/** What a chart shows of time and how high it reaches; it always begins at 0. */
export interface Frame {
  readonly fromMs: number;
  readonly toMs: number;
  readonly max: number;
}

const HEADROOM = 1.08;

/** One frame for charts that stand side by side, so that equal heights mean equal numbers. */
export function frameCharts(charts: readonly TimeChart[], phases: readonly PhaseSpan[]): Frame {
  const values = charts.flatMap((chart) => [
    ...chart.bounds.map(({ value }) => value),
    ...chart.lines.map(({ shape, high, values: own }) =>
      shape === "area" ? 0 : highest(high ?? own),
    ),
    ...stackTops(chart.lines.filter(({ shape }) => shape === "area")).map(highest),
  ]);
  return {
    fromMs: Math.min(
      0,
      minOf(phases.map(({ fromMs }) => fromMs)),
      minOf(charts.map(({ tMs }) => tMs[0] ?? 0)),
    ),
    toMs: Math.max(
      1,
      maxOf(phases.map(({ toMs }) => toMs)),
      maxOf(charts.map(({ tMs }) => tMs.at(-1) ?? 0)),
    ),
    max: Math.max(1, maxOf(values)) * HEADROOM,
  };
}

function highest(values: readonly (number | null | undefined)[]): number {
  return values.reduce<number>((most, value) => (value != null && value > most ? value : most), 0);
}
