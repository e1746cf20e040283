import { stackTops } from "../charts/stack-areas.ts";
import type { ChartLine, ChartValue, TimeChart } from "../charts/time-chart.ts";
import { readColour, readTint } from "./read-colours.ts";
import {
  type Plot,
  PlotClass,
  type PlotData,
  type PlotOptions,
  type PlotSeries,
} from "./u-plot.ts";

const AREA_ALPHA = 0.85;
const BAND_ALPHA = 0.22;
const POINT_SIZE = 7;

type Band = NonNullable<PlotOptions["bands"]>[number];

/** A chart in uPlot's terms. Columns of one line lie side by side: the line, then its extremes where it has some. */
export interface PlotContent {
  readonly data: PlotData;
  readonly series: readonly PlotSeries[];
  readonly bands: readonly Band[];
  /** The series that show a line of the chart, by the line's place. */
  readonly seriesOf: readonly (readonly number[])[];
}

/** Areas are stacked by giving each the top of its stack and filling down to the one below. */
export function toPlotContent(chart: TimeChart): PlotContent {
  const columns: (readonly ChartValue[])[] = [];
  const series: PlotSeries[] = [{}];
  const bands: Band[] = [];
  const seriesOf: number[][] = [];
  const areas = chart.lines.filter(({ shape }) => shape === "area");
  const tops = stackTops(areas);
  const add = (one: PlotSeries, values: readonly ChartValue[]): number => {
    series.push(one);
    columns.push(values);
    return series.length - 1;
  };
  let below: number | null = null;
  for (const line of chart.lines) {
    if (line.shape === "area") {
      const place = add(areaSeries(line), tops[areas.indexOf(line)] as readonly ChartValue[]);
      if (below !== null) bands.push({ series: [place, below] });
      below = place;
      seriesOf.push([place]);
      continue;
    }
    const own = [add(lineSeries(line), line.values)];
    if (line.low !== null && line.high !== null) {
      const [high, low] = [add(edgeSeries(line), line.high), add(edgeSeries(line), line.low)];
      bands.push({ series: [high, low], fill: () => readTint(line.colour, BAND_ALPHA) });
      own.push(high, low);
    }
    seriesOf.push(own);
  }
  return { data: [chart.tMs, ...columns] as unknown as PlotData, series, bands, seriesOf };
}

function areaSeries({ label, colour }: ChartLine): PlotSeries {
  return {
    label,
    stroke: () => readColour(colour),
    fill: () => readTint(colour, AREA_ALPHA),
    width: 1,
    points: { show: false },
  };
}

function lineSeries({ label, colour, shape, dashed }: ChartLine): PlotSeries {
  const stroke = (): string => readColour(colour);
  if (shape === "points") {
    return {
      label,
      stroke,
      paths: () => null,
      points: { show: true, size: POINT_SIZE, stroke, fill: () => readColour("page"), width: 2 },
    };
  }
  const stepped = shape === "step" ? PlotClass.paths.stepped?.({ align: 1 }) : undefined;
  return {
    label,
    stroke,
    width: 1.75,
    ...(dashed ? { dash: [6, 4] } : {}),
    ...(stepped === undefined ? {} : { paths: stepped }),
    points: { show: (plot: Plot, place: number) => hasOnePoint(plot, place) },
  };
}

/** A line of one point would not be seen. */
function hasOnePoint({ data }: Plot, place: number): boolean {
  return (data[place] ?? []).filter((value) => value != null).length === 1;
}

function edgeSeries({ label }: ChartLine): PlotSeries {
  return { label, width: 0, points: { show: false } };
}
