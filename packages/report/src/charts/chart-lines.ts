import type { AlignedColumn } from "./align-series.ts";
import type { ChartLine, ColourToken } from "./time-chart.ts";

const CYCLE: readonly ColourToken[] = ["series-1", "series-2", "series-3", "series-0"];

/** Colours in the order in which they are told apart best; a second round is dashed. */
function styleOf(index: number): Pick<ChartLine, "colour" | "dashed"> {
  return {
    colour: CYCLE[index % CYCLE.length] as ColourToken,
    dashed: Math.floor(index / CYCLE.length) % 2 === 1,
  };
}

export function makeLine(
  head: Pick<ChartLine, "label" | "shape"> & Partial<Pick<ChartLine, "colour" | "dashed">>,
  column: AlignedColumn,
  index = 0,
): ChartLine {
  return { ...styleOf(index), ...head, values: column.mean, low: column.min, high: column.max };
}
