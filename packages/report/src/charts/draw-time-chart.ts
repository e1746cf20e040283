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
import { numberMarkers } from "./number-markers.ts";
import { stackTops } from "./stack-areas.ts";
import type { ChartLine, TimeChart } from "./time-chart.ts";
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
  const marked = numberMarkers(markers, chart.role);
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
    ruleX(marked, { x: "tMs", stroke: (m: Marker) => toneColour(m.tone), strokeDasharray: "2 3" }),
    text(marked, {
      x: "tMs",
      text: "number",
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

function toneColour(tone: Marker["tone"]): string {
  return { note: "var(--muted)", warning: "var(--doubt)", failure: "var(--bad)" }[tone];
}

function drawLines(chart: TimeChart): Markish[] {
  const areas = chart.lines.filter(({ shape }) => shape === "area");
  const others = chart.lines.filter(({ shape }) => shape !== "area");
  return [...drawStack(areas, chart.tMs), ...others.map((line) => drawLine(line, chart.tMs))];
}

function drawStack(areas: readonly ChartLine[], tMs: readonly number[]): Markish[] {
  const tops = stackTops(areas);
  return areas.map(({ colour }, i) => {
    // Times at which only other lines were sampled are no holes of the stack.
    const points = tMs.flatMap((t, k) => {
      const top = tops[i]?.[k];
      return top === undefined ? [] : [{ t, below: tops[i - 1]?.[k] ?? 0, top: top ?? Number.NaN }];
    });
    const fill = `var(--${colour})`;
    return areaY(thin(points), { x: "t", y1: "below", y2: "top", fill, fillOpacity: 0.8 });
  });
}

function drawLine(line: ChartLine, tMs: readonly number[]): Markish {
  const points = tMs.flatMap((t, i) => {
    const value = line.values[i];
    return value === undefined ? [] : [{ t, value: value ?? Number.NaN }];
  });
  const stroke = `var(--${line.colour})`;
  if (line.shape === "points") {
    return dot(thin(points), { x: "t", y: "value", r: 3, stroke, fill: "var(--page)" });
  }
  return lineY(thin(points), {
    x: "t",
    y: "value",
    stroke,
    strokeWidth: 1.75,
    ...(line.shape === "step" ? { curve: "step-after" as const } : {}),
    ...(line.dashed ? { strokeDasharray: "5 4" } : {}),
  });
}

/** Every so-manieth, so that few enough are left, and the last. */
function thin<T>(values: readonly T[]): T[] {
  const stride = Math.max(1, Math.ceil(values.length / POINTS_MAX));
  return values.filter((_, i) => i % stride === 0 || i === values.length - 1);
}
