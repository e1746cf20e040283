import { maxOf, type Role } from "@churnlab/core";
import { formatNumber } from "../format-value.ts";
import { alignSeries } from "./align-series.ts";
import { makeLine } from "./chart-lines.ts";
import { findPeak } from "./find-extremes.ts";
import { formatMoment } from "./format-moment.ts";
import type { ChartLine, TimeChart } from "./time-chart.ts";
import type { SeriesColumns, TrialSeries } from "./trial-series.ts";

/** With fewer dumps of the socket table than this, the gauges that are read all the time say more. */
const DUMPS_MIN = 20;
/** Without ports: a listening socket takes none of the range. */
const PORTLESS_STATES: ReadonlySet<string> = new Set(["LISTEN", "CLOSE"]);
/** In the order of the stack, from below. */
const STATE_ORDER = ["TIME_WAIT", "ESTABLISHED", "SYN_SENT"] as const;

/** What is drawn of a role, and of every state of its sockets what its key begins with. */
export const PORT_KEYS: readonly string[] = ["ports.used", "ports.range", "time_wait", "tcp.inuse"];
export const SOCKETS_PREFIX = "sockets.";

/**
 * The port budget of a role that dials: its sockets stacked by state under the ceiling that its local port range is.
 * null where nothing of it was sampled.
 */
export function chartPortBudget(trial: TrialSeries, role: Role): TimeChart | null {
  const used = trial.series.get(`${role}.ports.used`);
  const parts = listStates(trial, role) ?? listGauges(trial, role);
  if (parts.length === 0 && used === undefined) return null;
  const aligned = alignSeries([...parts.map(({ columns }) => columns), ...(used ? [used] : [])]);
  const lines = parts.map(({ label }, i): ChartLine => {
    return makeLine({ label, shape: "area" }, aligned.columns[i] as never, i);
  });
  const usedColumn = used === undefined ? undefined : aligned.columns.at(-1);
  if (usedColumn !== undefined) {
    lines.push(
      makeLine(
        { label: usedLabel(trial, role), shape: "points", colour: "series-0", dashed: false },
        usedColumn,
      ),
    );
  }
  const ceiling = readCeiling(trial, role);
  return {
    role,
    unit: "sockets",
    tMs: aligned.tMs,
    lines,
    bounds: ceiling === null ? [] : [ceiling],
    summary: summarise(role, { lines, tMs: aligned.tMs, ceiling }),
  };
}

/** Ports run out per source address, so those of the fullest are counted. */
function usedLabel({ sources }: TrialSeries, role: Role): string {
  return role === "client" && sources > 1 ? "ports in use at the fullest source" : "ports in use";
}

interface Part {
  readonly label: string;
  readonly columns: SeriesColumns;
}

function listStates({ series }: TrialSeries, role: Role): Part[] | null {
  const prefix = `${role}.${SOCKETS_PREFIX}`;
  const states = [...series]
    .filter(([key]) => key.startsWith(prefix) && !PORTLESS_STATES.has(key.slice(prefix.length)))
    .map(([key, columns]) => ({ label: key.slice(prefix.length), columns }));
  const dumps = Math.max(0, maxOf(states.map(({ columns }) => columns.tMs.length)));
  if (dumps < DUMPS_MIN) return null;
  return states.toSorted((a, b) => rankOf(a.label) - rankOf(b.label));
}

function rankOf(state: string): number {
  const rank = (STATE_ORDER as readonly string[]).indexOf(state);
  return rank < 0 ? STATE_ORDER.length : rank;
}

function listGauges({ series }: TrialSeries, role: Role): Part[] {
  const gauges = [
    { label: "TIME_WAIT", columns: series.get(`${role}.time_wait`) },
    { label: "open sockets", columns: series.get(`${role}.tcp.inuse`) },
  ];
  return gauges.filter((gauge): gauge is Part => gauge.columns !== undefined);
}

/** As it was read from the kernel; before that, as the scenario sets it. */
function readCeiling(trial: TrialSeries, role: Role): TimeChart["bounds"][number] | null {
  const range = trial.series.get(`${role}.ports.range`);
  const ports = range?.mean[range.mean.length - 1] ?? (role === "client" ? trial.ports : null);
  if (ports === null || ports === 0) return null;
  const sources = role === "client" ? trial.sources : 1;
  if (sources === 1) return { value: ports, label: `${formatNumber(ports)} local ports` };
  const label = `${sources} × ${formatNumber(ports)} local ports`;
  return { value: sources * ports, label };
}

function summarise(
  role: Role,
  chart: Pick<TimeChart, "lines" | "tMs"> & {
    readonly ceiling: TimeChart["bounds"][number] | null;
  },
): string {
  const peaks = chart.lines.flatMap((line) => {
    const peak = findPeak(line, chart.tMs);
    if (peak === null) return [];
    return [`${line.label} peaks at ${formatNumber(peak.value)} at ${formatMoment(peak.tMs)}`];
  });
  const ceiling = chart.ceiling === null ? "" : ` The ceiling is ${chart.ceiling.label}.`;
  return `Sockets of the ${role}: ${peaks.join(", ")}.${ceiling}`;
}
