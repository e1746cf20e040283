import {
  areaY,
  axisX,
  axisY,
  dot,
  gridY,
  lineY,
  type Markish,
  type PlotOptions,
  rectX,
  ruleX,
  ruleY,
  text,
} from "@observablehq/plot";
import { tickOf } from "./axis-ticks.ts";
import { drawFigure } from "./draw-figure.ts";
import { formatMoment } from "./format-moment.ts";
import type { Frame } from "./frame-charts.ts";
import { stackTops } from "./stack-areas.ts";
import type { ChartLine, ChartValue, TimeChart } from "./time-chart.ts";
import type { Marker, PhaseSpan } from "./trial-series.ts";

export interface TimeChartSurroundings {
  readonly title: string;
  readonly phases: readonly PhaseSpan[];
  readonly markers: readonly Marker[];
  /** The same for all charts that stand side by side. */
  readonly frame: Frame;
}

/** Enough for print; the screen has a chart of its own where scripts run. */
const POINTS_MAX = 240;
const SIZE = {
  width: 560,
  height: 230,
  marginLeft: 62,
  marginRight: 16,
  marginTop: 18,
  marginBottom: 30,
};

/** A chart over time as SVG text, for readers without scripts and for paper. */
export function drawTimeChart(
  chart: TimeChart,
  { title, phases, markers, frame }: TimeChartSurroundings,
): string {
  const marks: Markish[] = [
    rectX(
      phases.filter(({ phase }) => phase !== "measure"),
      { x1: "fromMs", x2: "toMs", fill: "var(--phase)" },
    ),
    gridY({ stroke: "var(--grid)", strokeOpacity: 1, ticks: 5 }),
    axisX({ ticks: 6, tickSize: 4, label: null, tickFormat: formatMoment }),
    axisY({ ticks: 5, tickSize: 0, label: null, tickFormat: tickOf(chart.unit) }),
    ...drawLines(chart),
    ...chart.bounds.flatMap((bound) => [
      ruleY([bound.value], { stroke: "var(--bad)", strokeDasharray: "6 4", strokeWidth: 1.5 }),
      text([bound], {
        y: "value",
        text: "label",
        frameAnchor: "right",
        textAnchor: "end",
        dy: -7,
        fill: "var(--bad)",
      }),
    ]),
    ruleX(markers, { x: "tMs", stroke: (m: Marker) => toneColour(m.tone), strokeDasharray: "2 3" }),
    text(markers, {
      x: "tMs",
      text: (_: Marker, i: number) => String(i + 1),
      frameAnchor: "top",
      dy: -10,
      fill: "currentColor",
      fontWeight: "bold",
    }),
    ruleY([0], { stroke: "currentColor" }),
  ];
  const options: PlotOptions = {
    ...SIZE,
    marks,
    x: { domain: [frame.fromMs, frame.toMs] },
    y: { domain: [0, frame.max] },
  };
  return drawFigure(options, { title, summary: chart.summary });
}

export function toneColour(tone: Marker["tone"]): string {
  return { note: "var(--muted)", warning: "var(--doubt)", failure: "var(--bad)" }[tone];
}

function drawLines(chart: TimeChart): Markish[] {
  const stride = Math.max(1, Math.ceil(chart.tMs.length / POINTS_MAX));
  const tMs = thin(chart.tMs, stride);
  const areas = chart.lines.filter(({ shape }) => shape === "area");
  const tops = stackTops(areas).map((top) => thin(top, stride));
  const stacked = areas.map((line, i): Markish => {
    return areaY(tMs, {
      x: tMs,
      y1: i === 0 ? tMs.map(() => 0) : undefinedAsNaN(tops[i - 1] as readonly ChartValue[]),
      y2: undefinedAsNaN(tops[i] as readonly ChartValue[]),
      fill: `var(--${line.colour})`,
      fillOpacity: 0.8,
    });
  });
  const others = chart.lines.filter(({ shape }) => shape !== "area");
  return [...stacked, ...others.map((line) => drawLine(line, chart, stride))];
}

function drawLine(line: ChartLine, chart: TimeChart, stride: number): Markish {
  // A line has a point wherever it was sampled; other lines' times are not its holes.
  const points = chart.tMs
    .map((tMs, i) => ({ tMs, value: line.values[i] }))
    .filter(({ value }) => value !== undefined)
    .map(({ tMs, value }) => ({ tMs, value: value ?? Number.NaN }));
  const colour = `var(--${line.colour})`;
  const thinned = points.length > POINTS_MAX ? thin(points, stride) : points;
  if (line.shape === "points") {
    return dot(thinned, { x: "tMs", y: "value", r: 3, stroke: colour, fill: "var(--page)" });
  }
  return lineY(thinned, {
    x: "tMs",
    y: "value",
    stroke: colour,
    strokeWidth: 1.75,
    ...(line.shape === "step" ? { curve: "step-after" as const } : {}),
    ...(line.dashed ? { strokeDasharray: "5 4" } : {}),
  });
}

function undefinedAsNaN(values: readonly ChartValue[]): number[] {
  return values.map((value) => value ?? Number.NaN);
}

/** Every so-manieth, and the last. */
function thin<T>(values: readonly T[], stride: number): T[] {
  return values.filter((_, i) => i % stride === 0 || i === values.length - 1);
}
