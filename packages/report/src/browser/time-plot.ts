import { tickOf } from "../charts/axis-ticks.ts";
import { formatMoment } from "../charts/format-moment.ts";
import type { Frame } from "../charts/frame-charts.ts";
import { numberMarkers } from "../charts/number-markers.ts";
import type { TimeChart } from "../charts/time-chart.ts";
import type { Marker, PhaseSpan } from "../charts/trial-series.ts";
import { drawBounds, drawMarkers, drawPhases } from "./draw-surroundings.ts";
import { toPlotContent } from "./plot-data.ts";
import type { PlotGroup } from "./plot-group.ts";
import { readColour } from "./read-colours.ts";
import { type Plot, type PlotAxis, PlotClass, type PlotOptions } from "./u-plot.ts";

export interface TimePlotInput {
  readonly chart: TimeChart;
  readonly frame: Frame;
  readonly phases: readonly PhaseSpan[];
  readonly markers: readonly Marker[];
}

export interface TimePlotOptions {
  readonly element: HTMLElement;
  /** Charts that share a cursor and a zoom. */
  readonly group: PlotGroup;
  /** Told which point of the chart's times the cursor is at; null when it is at none. */
  readonly onCursor: (index: number | null) => void;
}

const HEIGHT = 230;
/** Where uPlot puts a cursor that is in no chart. */
const OUTSIDE = -10;
const Y_AXIS_WIDTH = 66;
const FONT = '12px system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif';

/** A chart over time on a canvas: follows the width of its element, the theme of the page and its group. */
export class TimePlot {
  readonly #plot: Plot;
  readonly #group: PlotGroup;
  readonly #observer: ResizeObserver;
  #input: TimePlotInput;
  #seriesOf: readonly (readonly number[])[];

  constructor(input: TimePlotInput, { element, group, onCursor }: TimePlotOptions) {
    this.#input = input;
    this.#group = group;
    const content = toPlotContent(input.chart);
    this.#seriesOf = content.seriesOf;
    const options: PlotOptions = {
      width: Math.max(200, element.clientWidth),
      height: HEIGHT,
      legend: { show: false },
      padding: [18, 14, 0, 0],
      scales: {
        x: { time: false, range: () => this.#xRange() },
        y: { range: () => [0, this.#input.frame.max] },
      },
      series: [...content.series],
      bands: [...content.bands],
      axes: [xAxis(), yAxis(input.chart.unit)],
      cursor: {
        // Charts share the place of the cursor; a selection is of the one it is made in, and the group zooms them all.
        sync: {
          key: group.key,
          filters: { pub: (type) => type === "mousemove" || type === "mouseleave" },
        },
        drag: { x: true, y: false, setScale: false },
        points: { size: 6 },
      },
      hooks: {
        drawClear: [(plot) => drawPhases(plot, this.#input.phases)],
        draw: [
          (plot) => drawBounds(plot, this.#input.chart.bounds),
          (plot) => drawMarkers(plot, numberMarkers(this.#input.markers, this.#input.chart.role)),
        ],
        setCursor: [(plot) => onCursor(plot.cursor.idx ?? null)],
        setSelect: [(plot) => this.#zoomTo(plot)],
      },
    };
    this.#plot = new PlotClass(options, content.data, element);
    this.#plot.over.addEventListener("dblclick", () => group.zoom(null));
    this.#observer = new ResizeObserver(() => {
      this.#plot.setSize({ width: Math.max(200, element.clientWidth), height: HEIGHT });
    });
    this.#observer.observe(element);
    group.add(this);
  }

  /** Draws other numbers, or the same with more at their end, without building anything anew. */
  update(input: TimePlotInput): void {
    this.#input = input;
    const content = toPlotContent(input.chart);
    if (content.series.length !== this.#plot.series.length) {
      throw new Error("an update has the lines of the chart it updates");
    }
    this.#seriesOf = content.seriesOf;
    this.#plot.setData(content.data);
  }

  showLine(line: number, isShown: boolean): void {
    for (const place of this.#seriesOf[line] ?? []) this.#plot.setSeries(place, { show: isShown });
  }

  pointAt(tMs: number | null): void {
    const left = tMs === null ? OUTSIDE : this.#plot.valToPos(tMs, "x");
    this.#plot.setCursor({ left, top: tMs === null ? OUTSIDE : HEIGHT / 2 });
  }

  /** After a change of theme or zoom. */
  redraw(): void {
    this.#plot.batch(() => {
      this.#plot.setData(this.#plot.data, true);
      this.#plot.redraw(true, true);
    });
  }

  destroy(): void {
    this.#group.remove(this);
    this.#observer.disconnect();
    this.#plot.destroy();
  }

  #xRange(): [number, number] {
    const { frame } = this.#input;
    return this.#group.zoomed ?? [frame.fromMs, frame.toMs];
  }

  #zoomTo(plot: Plot): void {
    const { left, width } = plot.select;
    if (width < 4) return;
    const range: [number, number] = [plot.posToVal(left, "x"), plot.posToVal(left + width, "x")];
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.#group.zoom(range);
  }
}

/** 1, 2, 5, 10, … up to what no axis reaches. */
const WHOLE_STEPS = Array.from(
  { length: 36 },
  (_, i) => ([1, 2, 5][i % 3] as number) * 10 ** Math.floor(i / 3),
);

function xAxis(): PlotAxis {
  return {
    font: FONT,
    stroke: () => readColour("muted"),
    size: 30,
    gap: 4,
    space: 70,
    grid: { show: false },
    ticks: { show: true, size: 4, stroke: () => readColour("muted"), width: 1 },
    values: (_, splits) => splits.map(formatMoment),
  };
}

function yAxis(unit: string): PlotAxis {
  const format = tickOf(unit);
  return {
    font: FONT,
    stroke: () => readColour("muted"),
    size: Y_AXIS_WIDTH,
    gap: 6,
    space: 38,
    // Nothing stands between two things that are counted.
    ...(unit === "us" ? {} : { incrs: WHOLE_STEPS }),
    grid: { stroke: () => readColour("grid"), width: 1 },
    ticks: { show: false },
    values: (_, splits) => splits.map(format),
  };
}
