import { maxOf } from "@churnlab/core/extremes";
import { axisX, axisY, dot, gridY, line, type Markish, ruleX, text } from "@observablehq/plot";
import type { MetricHistory } from "../build-history.ts";
import { formatTime, formatValue } from "../format-value.ts";
import { tickOf } from "./axis-ticks.ts";
import { drawFigure } from "./draw-figure.ts";

/** More runs than this are too close to each other; the newest are drawn. */
export const TREND_RUNS_MAX = 60;
const LABELS_MAX = 10;
const COLOURS = { better: "var(--good)", worse: "var(--bad)", changed: "var(--doubt)" } as const;

interface TrendPoint {
  readonly place: number;
  readonly value: number;
  /** Runs of one environment are joined; another machine or kernel begins a line of its own. */
  readonly series: number;
}

/** One metric over runs: every replicate, the line of the medians, and a mark where the level changed for good. */
export function drawTrend(
  history: MetricHistory,
  { title, unit }: { readonly title: string; readonly unit: string },
): string {
  const runs = history.runs.slice(-TREND_RUNS_MAX);
  const places = new Map(runs.map(({ runId }, place) => [runId, place]));
  const alerts = history.alerts.flatMap(({ runId, direction }) => {
    const place = places.get(runId);
    return place === undefined ? [] : [{ place, direction }];
  });
  const medians: TrendPoint[] = runs.flatMap(({ value, series }, place) => {
    return value === null ? [] : [{ place, value, series }];
  });
  const replicates = runs.flatMap(({ values }, place) => values.map((value) => ({ place, value })));
  const moves = runs.flatMap(({ series }, place) =>
    place > 0 && series !== runs[place - 1]?.series ? [place - 0.5] : [],
  );
  const step = Math.ceil(runs.length / LABELS_MAX);
  const marks: Markish[] = [
    gridY({ stroke: "var(--grid)", strokeOpacity: 1, ticks: 5 }),
    axisX(
      runs.map((_, place) => place).filter((place) => place % step === 0),
      {
        tickSize: 4,
        label: null,
        tickFormat: (place: number) => formatTime(runs[place]?.startedAtUnixMs ?? 0).slice(5, 16),
      },
    ),
    axisY({ ticks: 5, tickSize: 0, label: null, tickFormat: tickOf(unit) }),
    ruleX(moves, { stroke: "var(--muted)", strokeDasharray: "2 3" }),
    ...markAlerts(alerts),
    line(medians, {
      x: "place",
      y: "value",
      z: "series",
      stroke: "var(--series-1)",
      strokeWidth: 1.75,
    }),
    dot(replicates, {
      x: "place",
      y: "value",
      r: 2.5,
      stroke: "var(--series-1)",
      strokeOpacity: 0.6,
    }),
    dot(medians, { x: "place", y: "value", r: 4, fill: "var(--series-0)" }),
  ];
  const highest = Math.max(maxOf(replicates.map(({ value }) => value)), 0);
  return drawFigure(
    {
      width: 900,
      height: 320,
      marginLeft: 66,
      marginRight: 24,
      marginTop: 24,
      marks,
      x: { type: "linear", domain: [-0.5, Math.max(0.5, runs.length - 0.5)] },
      y: { domain: [0, highest === 0 ? 1 : highest * 1.08] },
    },
    { title, summary: summarise(history, unit) },
  );
}

interface PlacedAlert {
  readonly place: number;
  readonly direction: keyof typeof COLOURS;
}

function markAlerts(alerts: readonly PlacedAlert[]): Markish[] {
  const colourOf = ({ direction }: PlacedAlert): string => COLOURS[direction];
  return [
    ruleX(alerts, { x: "place", stroke: colourOf, strokeDasharray: "6 4", strokeWidth: 1.5 }),
    text(alerts, {
      x: "place",
      text: "direction",
      frameAnchor: "top",
      dy: -10,
      fill: colourOf,
      fontWeight: "bold",
    }),
  ];
}

function summarise(
  { runs, alerts, longestSeries, runsNeeded }: MetricHistory,
  unit: string,
): string {
  const known = runs.filter(({ value }) => value !== null);
  const [first, last] = [known[0], known.at(-1)];
  if (first === undefined || last === undefined) return "No run has measured it.";
  if (first === last) return `${formatValue(first.value, unit)} in the only run.`;
  const ends = `From ${formatValue(first.value, unit)} in the first of ${known.length} runs to ${formatValue(last.value, unit)} in the last`;
  if (longestSeries < runsNeeded) {
    return `${ends}: too few of one machine and scenario to tell a change (${longestSeries} of ${runsNeeded}).`;
  }
  return alerts.length === 0
    ? `${ends}, without a change for good.`
    : `${ends}; ${alerts.map(({ direction, runId }) => `${direction} from ${runId} on`).join(", ")}.`;
}
