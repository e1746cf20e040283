import {
  describeMetric,
  type MetricKey,
  maxOf,
  medianOrNull,
  minOf,
  nameMetric,
  orderAxesByEffect,
  poolResponses,
  type SweptAxis,
} from "@churnlab/core";
import { h, type JSX } from "preact";
import { type Dose, drawDoseResponse } from "../../charts/draw-dose-response.ts";
import { drawHeatMap } from "../../charts/draw-heat-map.ts";
import { formatNumber, formatValue } from "../../format-value.ts";
import { listRunMetrics, readMetric } from "../../variant-readings.ts";
import { SvgFigure } from "../parts/figure.ts";
import type { Section } from "../parts/section.ts";
import { predictMetric } from "../predict-metric.ts";
import type { ReportData } from "../report-data.ts";
import { findSweptAxes, nameAxis, numberOf } from "../swept-axes.ts";
import { capacityMetric } from "./capacity.ts";

/** What is drawn against the axes, where it was measured and is not zero throughout. */
const RESPONSES: readonly MetricKey[] = [
  { role: "client", metric: "connections.failed" },
  { role: "client", metric: "time_wait.peak" },
  { role: "client", metric: "latency.connect.p99" },
  { role: "target", metric: "tcpext.ListenOverflows" },
];

/** What the swept fields do: heat maps over two or three of them, a curve over one. null where nothing was swept. */
export function sweepSection(data: ReportData): Section | null {
  const axes = findSweptAxes(data.run);
  const figures = listResponses(data).flatMap((metric) => drawSweep(data, metric, axes));
  if (figures.length === 0) return null;
  const swept = axes.flatMap(({ path }, i) => [
    i === 0 ? "" : " and ",
    h("code", { key: path }, path),
  ]);
  return {
    id: "sweep",
    title: "Sweep",
    lead: ["Medians over the completed trials of each variant, against ", ...swept, "."],
    body: figures,
  };
}

/** A picture has room for three axes. Of more, those are drawn that move the metric most, over all values of the others. */
const AXES_DRAWN = 3;

function drawSweep(data: ReportData, metric: MetricKey, axes: readonly SweptAxis[]): JSX.Element[] {
  const key = nameMetric(metric);
  const responseOf = (variant: string): number | null => {
    const reading = data.readings.find((one) => one.variant === variant);
    return reading === undefined ? null : medianOrNull(readMetric(reading, metric).values);
  };
  const isCrowded = axes.length > AXES_DRAWN;
  const ordered = isCrowded ? orderAxesByEffect(axes, responseOf) : axes.toReversed();
  const [x, y, facet, ...pooled] = ordered;
  if (x === undefined) return [];
  if (y !== undefined) {
    return [h(HeatFigure, { key, data, metric, x, y, facet: facet ?? null, pooled })];
  }
  const isNumeric = x.values.every((value) => numberOf(value) !== null);
  return isNumeric ? [h(DoseFigure, { key, data, metric, axis: x })] : [];
}

function listResponses(data: ReportData): MetricKey[] {
  const measured = new Set(listRunMetrics(data.run).map(nameMetric));
  return [capacityMetric(data), ...RESPONSES].filter(
    (key) =>
      measured.has(nameMetric(key)) &&
      data.readings.some((reading) => readMetric(reading, key).values.some((value) => value !== 0)),
  );
}

interface HeatProps {
  readonly data: ReportData;
  readonly metric: MetricKey;
  readonly x: SweptAxis;
  readonly y: SweptAxis;
  readonly facet: SweptAxis | null;
  /** Axes for which there is no room: a tile is over all of their values. */
  readonly pooled: readonly SweptAxis[];
}

function HeatFigure({ data, metric: key, x, y, facet, pooled }: HeatProps): JSX.Element {
  const description = describeMetric(key.metric);
  const unit = description?.unit ?? "";
  const responses = data.readings.map((reading) => {
    return { variant: reading.variant, values: readMetric(reading, key).values };
  });
  const axes = facet === null ? [x, y] : [x, y, facet];
  const tiles = poolResponses(responses, axes).map(({ place, median }) => {
    const [ofX = "", ofY = "", ofFacet = ""] = place;
    return {
      x: labelOf(ofX),
      y: labelOf(ofY),
      ...(facet === null ? {} : { facet: labelOf(ofFacet) }),
      value: median,
    };
  });
  const known = tiles.flatMap(({ value }) => (value === null ? [] : [value]));
  const title = nameMetric(key);
  const svg = drawHeatMap({
    title,
    summary: `From ${formatValue(minOf(known), unit)} to ${formatValue(maxOf(known), unit)}.`,
    unit,
    xTitle: nameAxis(x),
    yTitle: nameAxis(y),
    xValues: x.values.map(labelOf),
    yValues: y.values.map(labelOf),
    ...(facet === null ? {} : { facetTitle: nameAxis(facet) }),
    tiles,
  });
  return h(SvgFigure, {
    svg,
    caption: [h("code", null, title), `: ${description?.meaning ?? ""}`, describePooled(pooled)],
  });
}

function describePooled(pooled: readonly SweptAxis[]): string {
  if (pooled.length === 0) return "";
  const names = pooled.map(nameAxis).join(", ");
  return ` Drawn are the ${AXES_DRAWN} fields that move it most; each number is the median over all values of the others: ${names}.`;
}

interface DoseProps {
  readonly data: ReportData;
  readonly metric: MetricKey;
  readonly axis: SweptAxis;
}

function DoseFigure({ data, metric: key, axis }: DoseProps): JSX.Element {
  const description = describeMetric(key.metric);
  const unit = description?.unit ?? "";
  const doses = data.readings
    .map((reading): Dose => {
      const { values } = readMetric(reading, key);
      const x = numberOf(axis.valueOf.get(reading.variant) ?? "") ?? 0;
      const forecast = data.forecasts.find(({ variant }) => variant === reading.variant);
      const predicted =
        forecast === undefined ? null : predictMetric(data.run, forecast, key.metric);
      return { x, values, median: medianOrNull(values), predicted };
    })
    .toSorted((a, b) => a.x - b.x);
  const title = nameMetric(key);
  const points = doses.map(
    ({ x, median: middle }) => `${formatNumber(x)}: ${formatValue(middle, unit)}`,
  );
  const svg = drawDoseResponse({
    title,
    summary: `${points.join("; ")}.`,
    unit,
    xTitle: nameAxis(axis),
    doses,
  });
  return h(SvgFigure, {
    svg,
    caption: [
      h("code", null, title),
      `: ${description?.meaning ?? ""} Circles are replicates, dots their medians${doses.some(({ predicted }) => predicted !== null) ? ", the dashed line is what the port model predicts" : ""}.`,
    ],
  });
}

/** A port range is read by its size. */
function labelOf(value: string): string {
  const number = numberOf(value);
  return number === null ? value : formatNumber(number);
}
