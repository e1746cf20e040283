import { maxOf } from "@churnlab/core/extremes";
import { axisX, barX, dot, gridX, type Markish, text, tickX } from "@observablehq/plot";
import { formatNumber, formatValue } from "../format-value.ts";
import { drawFigure } from "./draw-figure.ts";

/** One variant's replicates of one metric. */
export interface CapacityRow {
  readonly variant: string;
  /** One per completed trial. */
  readonly values: readonly number[];
  readonly median: number | null;
  /** Of the location, where there are enough replicates for one. */
  readonly interval: {
    readonly low: number;
    readonly high: number;
    readonly confidence: number;
  } | null;
  /** What the port model predicts, with equal ends where it is exact; null where it predicts nothing. */
  readonly predicted: { readonly low: number; readonly high: number } | null;
}

const ROW_HEIGHT = 34;
const NAME_WIDTH_MAX = 300;
const CHARACTER_WIDTH = 6.6;
const NAME_MAX = 44;

/** Every replicate as a tick, the median as a dot, its interval as a bar, the prediction as a hollow diamond. */
export function drawCapacity(
  rows: readonly CapacityRow[],
  { unit, title }: { readonly unit: string; readonly title: string },
): string {
  const predictions = listPredictions(rows);
  const values = [...rows.flatMap((row) => row.values), ...predictions.map(({ value }) => value)];
  const longest = maxOf(rows.map(({ variant }) => Math.min(NAME_MAX, variant.length)));
  return drawFigure(
    {
      width: 900,
      height: 56 + ROW_HEIGHT * rows.length,
      marginLeft: Math.min(NAME_WIDTH_MAX, 16 + CHARACTER_WIDTH * longest),
      marginRight: 64,
      marginTop: 22,
      marks: markRows(rows, predictions, unit),
      x: { domain: [0, Math.max(1, maxOf(values)) * 1.04] },
      y: {
        domain: rows.map(({ variant }) => variant),
        label: null,
        tickSize: 0,
        tickFormat: shorten,
      },
    },
    { title, summary: summarise(rows, unit) },
  );
}

interface PredictedValue {
  readonly variant: string;
  readonly value: number;
}

/** Both ends of every prediction; where it is exact they are one. */
function listPredictions(rows: readonly CapacityRow[]): PredictedValue[] {
  return rows.flatMap(({ variant, predicted }) => {
    if (predicted === null) return [];
    const { low, high } = predicted;
    return [...new Set([low, high])].map((value) => ({ variant, value }));
  });
}

function markRows(
  rows: readonly CapacityRow[],
  predictions: readonly PredictedValue[],
  unit: string,
): Markish[] {
  const row = { y: "variant" } as const;
  const replicates = rows.flatMap(({ variant, values }) =>
    values.map((value) => ({ variant, value })),
  );
  const medians = rows.filter(({ median }) => median !== null);
  const intervals = rows.flatMap(({ variant, interval }) =>
    interval === null ? [] : [{ variant, ...interval }],
  );
  return [
    gridX({ stroke: "var(--grid)", strokeOpacity: 1 }),
    axisX({ label: null, tickSize: 0, tickFormat: formatNumber }),
    barX(intervals, { ...row, x1: "low", x2: "high", insetTop: 9, insetBottom: 9, ...INTERVAL }),
    tickX(replicates, {
      ...row,
      x: "value",
      insetTop: 6,
      insetBottom: 6,
      stroke: "var(--series-1)",
    }),
    dot(medians, { ...row, x: "median", r: 5, fill: "var(--series-0)" }),
    dot(predictions, { ...row, x: "value", ...PREDICTION }),
    text(medians, {
      ...row,
      x: "median",
      text: ({ median }: CapacityRow) => formatValue(median, unit),
      dx: 14,
      textAnchor: "start",
      fill: "currentColor",
      stroke: "var(--page)",
      strokeWidth: 4,
    }),
  ];
}

const INTERVAL = { fill: "var(--series-1)", fillOpacity: 0.25 };
const PREDICTION = { r: 9, symbol: "diamond", stroke: "var(--bad)", strokeWidth: 1.75 } as const;

/** What tells variants of a matrix apart is at both ends of their names. */
function shorten(name: string): string {
  if (name.length <= NAME_MAX) return name;
  const half = Math.floor((NAME_MAX - 1) / 2);
  return `${name.slice(0, half)}…${name.slice(-half)}`;
}

function summarise(rows: readonly CapacityRow[], unit: string): string {
  const sentences = rows.map(({ variant, median, values, predicted }) => {
    const expected = predicted === null ? "" : `, predicted ${formatValue(predicted.low, unit)}`;
    return `${variant}: median ${formatValue(median, unit)} of ${values.length}${expected}`;
  });
  return `${sentences.join("; ")}.`;
}
