import { nameMetric, ROLES } from "@churnlab/core";
import { formatNumber } from "../format-value.ts";
import { type AlignedColumn, alignSeries } from "./align-series.ts";
import { makeLine } from "./chart-lines.ts";
import { rateOfGrowth } from "./rate-of-growth.ts";
import type { TimeChart } from "./time-chart.ts";
import type { SeriesColumns, TrialSeries } from "./trial-series.ts";

/** Counters that mean a connection suffered, with the words for them; those that did not move have no samples. */
export const LOSSES: readonly (readonly [counter: string, label: string])[] = [
  ["tcp.OutRsts", "RST sent"],
  ["tcp.EstabResets", "open connections reset"],
  ["tcp.AttemptFails", "handshakes failed"],
  ["tcp.RetransSegs", "segments sent again"],
  ["tcpext.ListenOverflows", "accept queue full"],
  ["tcpext.ListenDrops", "SYN or ACK dropped by the listener"],
  ["tcpext.TCPReqQFullDrop", "SYN queue full"],
  ["tcpext.TCPTimeWaitOverflow", "TIME_WAIT table full"],
  ["tcpext.TCPAbortOnTimeout", "given up after retries"],
  ["conntrack.dropped", "dropped by connection tracking"],
];
/** What a series of an errno begins with, before its name. */
export const FAILURES_PREFIX = "failures.";
const ERRNO_PREFIX: string = `client.${FAILURES_PREFIX}`;
const LINES_MAX = 8;

/** Failures by errno, resets and kernel drops of every role, per second. null where none was seen. */
export function chartLosses(trial: TrialSeries): TimeChart | null {
  const found = [...listErrnos(trial), ...listCounters(trial)].toSorted(
    (a, b) => b.total - a.total,
  );
  const counts = found.slice(0, LINES_MAX);
  if (counts.length === 0) return null;
  const { tMs, columns } = alignSeries(counts.map((one) => rateOfGrowth(one.columns)));
  const lines = counts.map(({ label }, i) => {
    return makeLine({ label, shape: "line" }, columns[i] as AlignedColumn, i);
  });
  const rest = found.slice(LINES_MAX);
  const undrawn = rest.length === 0 ? "" : ` ${rest.length} more not drawn: ${listTotals(rest)}.`;
  const summary = `From the first to the last sample: ${listTotals(counts)}.${undrawn}`;
  return { role: null, unit: "/s", tMs, lines, bounds: [], summary };
}

interface Count {
  readonly label: string;
  readonly columns: SeriesColumns;
  readonly total: number;
}

function listTotals(counts: readonly Count[]): string {
  return counts.map(({ label, total }) => `${label} ${formatNumber(total)}`).join(", ");
}

function listErrnos({ series }: TrialSeries): Count[] {
  return [...series].flatMap(([key, columns]) =>
    key.startsWith(ERRNO_PREFIX) ? countOf(key.slice(ERRNO_PREFIX.length), columns) : [],
  );
}

function listCounters({ series }: TrialSeries): Count[] {
  return ROLES.flatMap((role) =>
    LOSSES.flatMap(([counter, label]) => {
      const columns = series.get(nameMetric({ role, metric: counter }));
      return columns === undefined ? [] : countOf(`${label}, ${role}`, columns);
    }),
  );
}

function countOf(label: string, columns: SeriesColumns): Count[] {
  const { max, mean } = columns;
  const total = ((max ?? mean)[mean.length - 1] ?? 0) - (mean[0] ?? 0);
  return total > 0 ? [{ label, columns, total }] : [];
}
