import { formatValue } from "../format-value.ts";
import { type AlignedColumn, alignSeries } from "./align-series.ts";
import { makeLine } from "./chart-lines.ts";
import { findPeak } from "./find-extremes.ts";
import { rateOfGrowth } from "./rate-of-growth.ts";
import type { ChartLine, TimeChart } from "./time-chart.ts";
import type { OfferedRate, SeriesColumns, TrialSeries } from "./trial-series.ts";

type Named = Pick<ChartLine, "label" | "colour"> & { readonly count: string };

const CONNECTIONS: readonly Named[] = [
  { label: "achieved", colour: "series-1", count: "client.connections.succeeded" },
  { label: "failed", colour: "bad", count: "client.connections.failed" },
  { label: "not offered", colour: "series-3", count: "client.connections.dropped" },
];

const REQUESTS: readonly Named[] = [
  { label: "achieved", colour: "series-1", count: "client.requests.succeeded" },
  { label: "failed connections", colour: "bad", count: "client.connections.failed" },
  { label: "not offered", colour: "series-3", count: "client.connections.dropped" },
];

/** What the kernels counted, where the load generator's own counts were not sampled. */
const KERNEL: readonly Named[] = [
  { label: "SYNs sent (Tcp.ActiveOpens)", colour: "series-1", count: "client.tcp.ActiveOpens" },
  {
    label: "accepted by the target (Tcp.PassiveOpens)",
    colour: "series-2",
    count: "target.tcp.PassiveOpens",
  },
];

/** What is drawn, whoever counted it. */
export const RATE_KEYS: readonly string[] = [...CONNECTIONS, ...REQUESTS, ...KERNEL].map(
  ({ count }) => count.slice(count.indexOf(".") + 1),
);

/** What was asked for, what was achieved and what failed, per second. */
export function chartRates(trial: TrialSeries): TimeChart | null {
  const own = trial.offered?.unit === "requests" ? REQUESTS : CONNECTIONS;
  const isCounted = own.some(({ count }) => trial.series.has(count));
  const named = (isCounted ? own : KERNEL).flatMap((line) => {
    const counts = trial.series.get(line.count);
    return counts === undefined ? [] : [{ ...line, columns: rateOfGrowth(counts) }];
  });
  if (named.length === 0) return null;
  const offered = trial.offered === null ? [] : [toColumns(trial.offered)];
  const { tMs, columns } = alignSeries([...named.map((line) => line.columns), ...offered]);
  const lines = named.map(({ label, colour }, i): ChartLine => {
    return makeLine({ label, colour, shape: "line", dashed: false }, columns[i] as AlignedColumn);
  });
  if (trial.offered !== null) {
    const corners = { ...(columns.at(-1) as AlignedColumn) };
    const bridged = { ...corners, mean: corners.mean.map((value) => value ?? undefined) };
    lines.unshift(
      makeLine({ label: "offered", colour: "muted", shape: "line", dashed: true }, bridged),
    );
  }
  const unit = trial.offered?.unit ?? "connections";
  return {
    role: "client",
    unit: "/s",
    tMs,
    lines,
    bounds: [],
    summary: summarise(unit, lines, tMs),
  };
}

function toColumns({ corners }: OfferedRate): SeriesColumns {
  return {
    tMs: corners.map(({ tMs }) => tMs),
    mean: corners.map(({ perS }) => perS),
    min: null,
    max: null,
    binMs: null,
  };
}

function summarise(unit: string, lines: readonly ChartLine[], tMs: readonly number[]): string {
  const peaks = lines.flatMap((line) => {
    const peak = findPeak(line, tMs);
    return peak === null ? [] : [`${line.label} at most ${formatValue(peak.value, "/s")}`];
  });
  return `${unit[0]?.toUpperCase()}${unit.slice(1)} per second: ${peaks.join(", ")}.`;
}
