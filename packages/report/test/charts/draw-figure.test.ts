import { LatencyHistogram } from "@churnlab/core";
import { expect, it } from "vitest";
import { drawCapacity } from "../../src/charts/draw-capacity.ts";
import { drawConnectCost } from "../../src/charts/draw-connect-cost.ts";
import { drawDoseResponse } from "../../src/charts/draw-dose-response.ts";
import { drawHeatMap } from "../../src/charts/draw-heat-map.ts";
import { drawLatencyEcdf } from "../../src/charts/draw-latency-ecdf.ts";

const HOSTILE = `</text></svg><script>alert(1)</script>"'&`;

function histogram(): ReturnType<LatencyHistogram["toRecord"]> {
  const latencies = new LatencyHistogram();
  for (let i = 1; i < 2000; i++) latencies.recordUs(i);
  return latencies.toRecord("connect");
}

const words = { title: HOSTILE, summary: HOSTILE };
const FIGURES: Readonly<Record<string, () => string>> = {
  capacity: () =>
    drawCapacity(
      [
        {
          variant: HOSTILE,
          values: [1, 2],
          median: 1.5,
          interval: { low: 1, high: 2, confidence: 0.9 },
          predicted: { low: 1, high: 3 },
        },
      ],
      { unit: "/s", title: HOSTILE },
    ),
  "no replicate": () =>
    drawCapacity([{ variant: "a", values: [], median: null, interval: null, predicted: null }], {
      unit: "/s",
      title: "t",
    }),
  latency: () => drawLatencyEcdf([{ variant: HOSTILE, histogram: histogram() }], words),
  "heat map": () =>
    drawHeatMap({
      ...words,
      unit: "/s",
      xTitle: HOSTILE,
      yTitle: HOSTILE,
      xValues: [HOSTILE, "b"],
      yValues: ["c"],
      tiles: [
        { x: HOSTILE, y: "c", value: 1 },
        { x: "b", y: "c", value: null },
      ],
    }),
  "dose and response": () =>
    drawDoseResponse({
      ...words,
      unit: "us",
      xTitle: HOSTILE,
      doses: [
        { x: 1, values: [1], median: 1, predicted: null },
        { x: 100, values: [2, 3], median: 2.5, predicted: { low: 2, high: 2 } },
      ],
    }),
  "connect cost": () =>
    drawConnectCost(
      [
        {
          variant: HOSTILE,
          points: [
            { percent: 1, count: 9, meanUs: 80 },
            { percent: 60, count: 2, meanUs: 9000 },
          ],
        },
      ],
      words,
    ),
};

it.each(Object.entries(FIGURES))(
  "%s: SVG that a strict policy allows, with a name, and texts that stay texts",
  (_, draw) => {
    const svg = draw();
    expect(svg).toMatch(/^<svg /);
    expect(svg).toContain('role="img"');
    expect(svg).not.toMatch(/<style|<script|\sstyle=|\sid=|\son[a-z]+=|NaN|Infinity/);
  },
);
