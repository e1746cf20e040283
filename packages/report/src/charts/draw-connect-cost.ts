import { type ConnectCostPoint, maxOf, minOf } from "@churnlab/core";
import { axisX, axisY, dot, gridY, lineY, type Markish, ruleX } from "@observablehq/plot";
import { formatValue } from "../format-value.ts";
import { drawFigure } from "./draw-figure.ts";
import { variantStyle } from "./draw-latency-ecdf.ts";

/** One trial's connect() cost against its port use. */
export interface ConnectCostCurve {
  readonly variant: string;
  readonly points: readonly ConnectCostPoint[];
}

/** Points of fewer calls than this are drawn pale: one slow connect() makes their mean. */
const COUNT_SURE = 5;

/** Mean connect() time against the share of local ports in use, with a line where the fast path ends. */
export function drawConnectCost(
  curves: readonly ConnectCostCurve[],
  { title, summary }: { readonly title: string; readonly summary: string },
): string {
  const all = curves.flatMap(({ points }) => points);
  const [low, high] = [minOf(all.map(us)), maxOf(all.map(us))];
  const marks: Markish[] = [
    gridY({ stroke: "var(--grid)", strokeOpacity: 1, ticks: 5 }),
    axisX({ ticks: 10, tickSize: 4, label: null, tickFormat: (percent: number) => `${percent} %` }),
    axisY({
      ticks: 5,
      tickSize: 0,
      label: null,
      tickFormat: (value: number) => formatValue(value, "us"),
    }),
    ruleX([HALF], { stroke: "var(--doubt)", strokeDasharray: "6 4" }),
    ...curves.flatMap(({ points }, i): Markish[] => {
      const { colour } = variantStyle(i);
      const stroke = `var(--${colour})`;
      const sure = points.filter(({ count }) => count >= COUNT_SURE);
      return [
        dot(points, { x: "percent", y: "meanUs", r: 2, fill: stroke, fillOpacity: 0.35 }),
        lineY(sure, { x: "percent", y: "meanUs", stroke, strokeWidth: 1.75 }),
      ];
    }),
  ];
  return drawFigure(
    {
      width: 900,
      height: 300,
      marginLeft: 66,
      marginRight: 24,
      marginTop: 16,
      marks,
      x: { domain: [0, 100] },
      y: { type: "log", domain: [Math.max(1, low * 0.8), Math.max(10, high * 1.2)] },
    },
    { title, summary },
  );
}

/** Where connect() has tried all ports of one parity (`__inet_hash_connect`). */
const HALF = 50;

function us({ meanUs }: ConnectCostPoint): number {
  return meanUs;
}
