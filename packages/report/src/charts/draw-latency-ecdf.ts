import { bucketUpperUs, countHistogram, type HistogramRecord, maxOf, minOf } from "@churnlab/core";
import { axisX, axisY, gridX, gridY, line, type Markish, text } from "@observablehq/plot";
import { formatValue } from "../format-value.ts";
import { drawFigure } from "./draw-figure.ts";
import type { ChartLine, ColourToken } from "./time-chart.ts";

/** One variant's latencies. */
export interface EcdfCurve {
  readonly variant: string;
  readonly histogram: HistogramRecord;
}

interface EcdfPoint {
  readonly variant: string;
  /** 1 / (1 − share of all values at or below): 1, 10 at the 90th percentile, 100 at the 99th. */
  readonly tail: number;
  readonly us: number;
}

const TICKS = [
  { tail: 1, label: "0" },
  { tail: 2, label: "50 %" },
  { tail: 10, label: "90 %" },
  { tail: 100, label: "99 %" },
  { tail: 1000, label: "99.9 %" },
  { tail: 10_000, label: "99.99 %" },
  { tail: 100_000, label: "99.999 %" },
  { tail: 1_000_000, label: "99.9999 %" },
];

function labelOf(tail: number): string {
  return TICKS.find((tick) => tick.tail === tail)?.label ?? "";
}

const HEIGHT = 320;
const LABEL_HEIGHT = 15;
const PLOT_HEIGHT = HEIGHT - 52;

/** More curves than this cannot be told apart; the table beside has them all. */
export const CURVES_MAX = 8;

/** Latency against percentile on HdrHistogram's axis, where every ten-fold of the tail has the same room. */
export function drawLatencyEcdf(
  curves: readonly EcdfCurve[],
  { title, summary }: { title: string; summary: string },
): string {
  const drawn = curves.slice(0, CURVES_MAX);
  const points = drawn.map(({ variant, histogram }) => listPoints(variant, histogram));
  const all = points.flat();
  const last = Math.max(10, maxOf(all.map(({ tail }) => tail)));
  const domain = yDomain(all);
  const ticks = TICKS.filter(({ tail }) => tail <= last * 1.01);
  const marks: Markish[] = [
    gridX(
      ticks.map(({ tail }) => tail),
      { stroke: "var(--grid)", strokeOpacity: 1 },
    ),
    gridY({ stroke: "var(--grid)", strokeOpacity: 1, ticks: 5 }),
    axisX(
      ticks.map(({ tail }) => tail),
      { tickSize: 4, label: null, tickFormat: labelOf },
    ),
    axisY({
      ticks: 5,
      tickSize: 0,
      label: null,
      tickFormat: (us: number) => formatValue(us, "us"),
    }),
    ...points.map((curve, i): Markish => {
      const { colour, dashed } = variantStyle(i);
      return line(curve, {
        x: "tail",
        y: "us",
        curve: "step-before",
        stroke: `var(--${colour})`,
        strokeWidth: 1.75,
        ...(dashed ? { strokeDasharray: "5 4" } : {}),
      });
    }),
    text(
      placeLabels(
        points.map((curve) => curve.at(-1)).filter((point) => point !== undefined),
        domain,
      ),
      {
        x: "tail",
        y: "us",
        text: "variant",
        textAnchor: "end",
        dy: -8,
        fill: "currentColor",
        stroke: "var(--page)",
        strokeWidth: 4,
      },
    ),
  ];
  return drawFigure(
    {
      width: 900,
      height: HEIGHT,
      marginLeft: 66,
      marginRight: 24,
      marginTop: 22,
      marks,
      x: { type: "log", domain: [1, last * 1.2] },
      y: { type: "log", domain },
    },
    { title, summary },
  );
}

const VARIANT_CYCLE: readonly ColourToken[] = ["series-0", "series-1", "series-2", "series-3"];

/** The baseline in black or white, the others after it; a second round is dashed. */
export function variantStyle(index: number): Pick<ChartLine, "colour" | "dashed"> {
  return {
    colour: VARIANT_CYCLE[index % VARIANT_CYCLE.length] as ColourToken,
    dashed: index >= VARIANT_CYCLE.length,
  };
}

/** Names that would stand on each other are moved apart, the highest first. */
function placeLabels(
  ends: readonly EcdfPoint[],
  [low, high]: readonly [number, number],
): EcdfPoint[] {
  const step = (high / low) ** (LABEL_HEIGHT / PLOT_HEIGHT);
  let ceiling = Number.POSITIVE_INFINITY;
  return ends
    .toSorted((a, b) => b.us - a.us)
    .map((end) => {
      const us = Math.min(end.us, ceiling);
      ceiling = us / step;
      return { ...end, us };
    });
}

function yDomain(points: readonly EcdfPoint[]): [number, number] {
  const values = points.map(({ us }) => us).filter((us) => us > 0);
  if (values.length === 0) return [1, 10];
  return [minOf(values) * 0.9, maxOf(values) * 1.15];
}

/** A point for every bucket, thinned where many fall on one place; the last is the highest value. */
function listPoints(variant: string, histogram: HistogramRecord): EcdfPoint[] {
  const total = countHistogram(histogram);
  const points: EcdfPoint[] = [];
  let below = 0;
  let shownTail = 0;
  histogram.indexes.forEach((bucket, i) => {
    const us = bucketUpperUs(bucket);
    const tail = total / Math.max(total - below, 0.5);
    below += histogram.counts[i] as number;
    const isLast = i === histogram.indexes.length - 1;
    if (tail < shownTail * 1.02 && !isLast) return;
    shownTail = tail;
    points.push({ variant, tail, us: Math.max(us, 0.1) });
  });
  return points;
}
