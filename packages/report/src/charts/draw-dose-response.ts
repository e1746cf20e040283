import { axisX, axisY, dot, gridY, line, type Markish } from "@observablehq/plot";
import { formatNumber } from "../format-value.ts";
import { tickOf } from "./axis-ticks.ts";
import { drawFigure } from "./draw-figure.ts";

export interface Dose {
  /** The value that the scenario sets. */
  readonly x: number;
  readonly values: readonly number[];
  readonly median: number | null;
  /** What the port model predicts there; null where it predicts nothing. */
  readonly predicted: { readonly low: number; readonly high: number } | null;
}

export interface DoseResponse {
  readonly title: string;
  readonly summary: string;
  readonly unit: string;
  readonly xTitle: string;
  /** Ascending by `x`. */
  readonly doses: readonly Dose[];
}

const LOG_SPAN = 20;

/** What one swept number does to another: every replicate, the line of the medians, and the line of the theory. */
export function drawDoseResponse({ title, summary, unit, xTitle, doses }: DoseResponse): string {
  const replicates = doses.flatMap(({ x, values }) => values.map((value) => ({ x, value })));
  const xs = doses.map(({ x }) => x);
  const isWide = (xs[0] ?? 0) > 0 && (xs.at(-1) ?? 0) / (xs[0] ?? 1) >= LOG_SPAN;
  const highest = Math.max(
    1,
    ...replicates.map(({ value }) => value),
    ...doses.map(({ predicted }) => predicted?.high ?? 0),
  );
  const marks: Markish[] = [
    gridY({ stroke: "var(--grid)", strokeOpacity: 1, ticks: 5 }),
    axisX(xs, {
      tickSize: 4,
      label: xTitle,
      labelAnchor: "center",
      labelArrow: "none",
      tickFormat: formatNumber,
    }),
    axisY({ ticks: 5, tickSize: 0, label: null, tickFormat: tickOf(unit) }),
    ...drawTheory(doses),
    line(
      doses.filter(({ median }) => median !== null),
      { x: "x", y: "median", stroke: "var(--series-1)", strokeWidth: 1.75 },
    ),
    dot(replicates, { x: "x", y: "value", r: 3, stroke: "var(--series-1)", strokeOpacity: 0.7 }),
    dot(
      doses.filter(({ median }) => median !== null),
      { x: "x", y: "median", r: 4.5, fill: "var(--series-0)" },
    ),
  ];
  return drawFigure(
    {
      width: 900,
      height: 320,
      marginLeft: 66,
      marginRight: 24,
      marginBottom: 44,
      marks,
      x: { type: isWide ? "log" : "linear" },
      y: { domain: [0, highest * 1.06] },
    },
    { title, summary },
  );
}

/** Both ends of the prediction; one line where it is exact. */
function drawTheory(doses: readonly Dose[]): Markish[] {
  const ends = ["low", "high"] as const;
  return ends.map((end) =>
    line(
      doses.flatMap(({ x, predicted }) => (predicted === null ? [] : [{ x, y: predicted[end] }])),
      { x: "x", y: "y", stroke: "var(--bad)", strokeDasharray: "6 4", strokeWidth: 1.5 },
    ),
  );
}
