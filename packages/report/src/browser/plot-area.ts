import { h, type JSX, type RefObject } from "preact";
import { formatMoment } from "../charts/format-moment.ts";
import type { TimeChart } from "../charts/time-chart.ts";
import { formatValue } from "../format-value.ts";

export interface PlotAreaProps {
  readonly elementRef: RefObject<HTMLDivElement | null>;
  readonly label: string;
  readonly chart: TimeChart;
  readonly cursor: { readonly value: number | null };
  /** Puts the cursor of all charts of the group at a time; null takes it away. */
  readonly onPoint: (tMs: number | null) => void;
}

/** PageUp and PageDown go this share of the times. */
const PAGE_SHARE = 0.1;

/** Where a chart is drawn. By keyboard it is a slider over its times, whose value is read out as the values there. */
export function PlotArea({
  elementRef,
  label,
  chart,
  cursor,
  onPoint,
}: PlotAreaProps): JSX.Element {
  const at = cursor.value;
  const last = Math.max(0, chart.tMs.length - 1);
  const onKeyDown = (event: KeyboardEvent): void => {
    const next = nextPlace(event.key, at, last);
    if (next === undefined) return;
    event.preventDefault();
    onPoint(next === null ? null : (chart.tMs[next] ?? null));
  };
  return h("div", {
    class: "plot-area",
    ref: elementRef,
    role: "slider",
    tabIndex: 0,
    "aria-label": label,
    "aria-valuemin": 0,
    "aria-valuemax": last,
    "aria-valuenow": at ?? 0,
    "aria-valuetext": at === null ? "no moment chosen" : readOut(chart, at),
    onKeyDown,
  });
}

/** `at 2.72 s: TIME_WAIT 1 091, open sockets 1` */
function readOut({ tMs, lines, unit }: TimeChart, at: number): string {
  const values = lines.flatMap(({ label, values: own }) => {
    const value = own[at];
    return value == null ? [] : [`${label} ${formatValue(value, unit)}`];
  });
  const words = values.length === 0 ? "nothing was sampled" : values.join(", ");
  return `at ${formatMoment(tMs[at] ?? 0)}: ${words}`;
}

/** Where a key leads; null: to no place, undefined: the key is not for the chart. */
function nextPlace(key: string, at: number | null, last: number): number | null | undefined {
  const page = Math.max(1, Math.round(last * PAGE_SHARE));
  const steps: Readonly<Record<string, number>> = {
    ArrowRight: 1,
    ArrowUp: 1,
    ArrowLeft: -1,
    ArrowDown: -1,
    PageUp: page,
    PageDown: -page,
  };
  if (key === "Home") return 0;
  if (key === "End") return last;
  if (key === "Escape") return null;
  const step = steps[key];
  if (step === undefined) return undefined;
  if (at === null) return step > 0 ? 0 : last;
  return Math.min(last, Math.max(0, at + step));
}
