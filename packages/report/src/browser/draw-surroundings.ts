import type { NumberedMarker } from "../charts/number-markers.ts";
import type { TimeChart } from "../charts/time-chart.ts";
import type { Marker, PhaseSpan } from "../charts/trial-series.ts";
import { readColour } from "./read-colours.ts";
import type { Plot } from "./u-plot.ts";

const TONE_TOKENS: Readonly<Record<Marker["tone"], string>> = {
  note: "muted",
  warning: "doubt",
  failure: "bad",
};

/** Shades what is not the measure phase. */
export function drawPhases(plot: Plot, phases: readonly PhaseSpan[]): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.fillStyle = readColour("phase");
  for (const { phase, fromMs, toMs } of phases) {
    if (phase === "measure") continue;
    const left = clamp(plot.valToPos(fromMs, "x", true), bbox.left, bbox.left + bbox.width);
    const right = clamp(plot.valToPos(toMs, "x", true), bbox.left, bbox.left + bbox.width);
    ctx.fillRect(left, bbox.top, right - left, bbox.height);
  }
  ctx.restore();
}

/** A dashed line at each bound, named at its right end. */
export function drawBounds(plot: Plot, bounds: TimeChart["bounds"]): void {
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.strokeStyle = ctx.fillStyle = readColour("bad");
  ctx.lineWidth = 1.5 * ratio;
  ctx.font = `${12 * ratio}px system-ui, sans-serif`;
  ctx.textAlign = "right";
  ctx.textBaseline = "bottom";
  for (const { value, label } of bounds) {
    const y = plot.valToPos(value, "y", true);
    if (y < bbox.top - 1 || y > bbox.top + bbox.height) continue;
    ctx.setLineDash([6 * ratio, 4 * ratio]);
    line(ctx, { x: bbox.left, y }, { x: bbox.left + bbox.width, y });
    ctx.fillText(label, bbox.left + bbox.width - 4 * ratio, y - 3 * ratio);
  }
  ctx.restore();
}

/** A dotted line at each event, with its number above the chart. */
export function drawMarkers(plot: Plot, markers: readonly NumberedMarker[]): void {
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.lineWidth = ratio;
  ctx.font = `bold ${11 * ratio}px system-ui, sans-serif`;
  ctx.textAlign = "center";
  ctx.textBaseline = "bottom";
  let labelEndsAt = Number.NEGATIVE_INFINITY;
  markers.forEach(({ tMs, tone, number }) => {
    const x = plot.valToPos(tMs, "x", true);
    if (x < bbox.left || x > bbox.left + bbox.width) return;
    ctx.strokeStyle = ctx.fillStyle = readColour(TONE_TOKENS[tone]);
    ctx.setLineDash([2 * ratio, 3 * ratio]);
    line(ctx, { x, y: bbox.top }, { x, y: bbox.top + bbox.height });
    const label = String(number);
    const width = ctx.measureText(label).width;
    if (x - width / 2 < labelEndsAt) return;
    labelEndsAt = x + width / 2 + 2 * ratio;
    ctx.fillText(label, x, bbox.top - 2 * ratio);
  });
  ctx.restore();
}

interface Point {
  readonly x: number;
  readonly y: number;
}

function line(ctx: CanvasRenderingContext2D, from: Point, to: Point): void {
  ctx.beginPath();
  ctx.moveTo(from.x, from.y);
  ctx.lineTo(to.x, to.y);
  ctx.stroke();
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
