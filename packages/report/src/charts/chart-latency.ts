import { formatValue } from "../format-value.ts";
import { type AlignedColumn, alignSeries } from "./align-series.ts";
import { makeLine } from "./chart-lines.ts";
import { findPeak } from "./find-extremes.ts";
import type { TimeChart } from "./time-chart.ts";
import type { SeriesColumns, TrialSeries } from "./trial-series.ts";

const QUANTILES = ["p50", "p99", "p999", "max"] as const;
const WORDS = { connect: "connect()", request: "request" } as const;

/** Latency over time, where it was sampled. */
export function chartLatency(trial: TrialSeries, latency: keyof typeof WORDS): TimeChart | null {
  const sampled = QUANTILES.flatMap((quantile) => {
    const columns = trial.series.get(`client.latency.${latency}.${quantile}`);
    return columns === undefined ? [] : [{ label: quantile, columns }];
  });
  if (sampled.length === 0) return null;
  const { tMs, columns } = alignSeries(sampled.map((one): SeriesColumns => one.columns));
  const lines = sampled.map(({ label }, i) => {
    return makeLine(
      { label: `${WORDS[latency]} ${label}`, shape: "line" },
      columns[i] as AlignedColumn,
      i,
    );
  });
  const peaks = lines.map((line) => {
    return `${line.label} at most ${formatValue(findPeak(line, tMs)?.value ?? null, "us")}`;
  });
  const summary = `Latency over time: ${peaks.join(", ")}.`;
  return { role: "client", unit: "us", tMs, lines, bounds: [], summary };
}
