import { SAMPLED_QUANTILES } from "@churnlab/core/latency-quantiles";
import { formatValue } from "../format-value.ts";
import { type AlignedColumn, alignSeries } from "./align-series.ts";
import { makeLine } from "./chart-lines.ts";
import { findPeak } from "./find-extremes.ts";
import type { ColourToken, TimeChart } from "./time-chart.ts";
import type { SeriesColumns, TrialSeries } from "./trial-series.ts";

/** Few values have no p99: a quantile keeps its colour in whichever chart it is. */
const COLOURS = {
  p50: "series-1",
  p99: "series-2",
  p999: "series-0",
  max: "series-3",
} as const satisfies Record<(typeof SAMPLED_QUANTILES)[number], ColourToken>;
const WORDS = { connect: "connect()", request: "request", schedule: "lateness" } as const;

/** What is drawn of the client. */
export const LATENCY_KEYS: readonly string[] = Object.keys(WORDS).flatMap((latency) =>
  SAMPLED_QUANTILES.map((quantile) => `latency.${latency}.${quantile}`),
);

/** Latency over time, where it was sampled: each point is of the second that ends there. */
export function chartLatency(trial: TrialSeries, latency: keyof typeof WORDS): TimeChart | null {
  const sampled = SAMPLED_QUANTILES.flatMap((quantile) => {
    const columns = trial.series.get(`client.latency.${latency}.${quantile}`);
    return columns === undefined ? [] : [{ quantile, columns }];
  });
  if (sampled.length === 0) return null;
  const { tMs, columns } = alignSeries(sampled.map((one): SeriesColumns => one.columns));
  const lines = sampled.map(({ quantile }, i) => {
    const label = `${WORDS[latency]} ${quantile}`;
    return makeLine(
      { label, shape: "line", colour: COLOURS[quantile], dashed: false },
      columns[i] as AlignedColumn,
    );
  });
  const peaks = lines.map((line) => {
    return `${line.label} at most ${formatValue(findPeak(line, tMs)?.value ?? null, "us")}`;
  });
  const summary = `Latency over time: ${peaks.join(", ")}.`;
  return { role: "client", unit: "us", tMs, lines, bounds: [], summary };
}
