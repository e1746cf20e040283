import { minOf } from "@churnlab/core/extremes";
import { h, type JSX } from "preact";
import { chartTrial, type TimeChartId } from "../../charts/chart-trial.ts";
import { type Frame, frameCharts } from "../../charts/frame-charts.ts";
import type { ChartLine, TimeChart } from "../../charts/time-chart.ts";
import type { TrialSeries } from "../../charts/trial-series.ts";

/** What a chart is called, and what to look for in it. */
export const TIME_CHART_WORDS: Readonly<
  Record<TimeChartId, { readonly title: string; readonly lead: string }>
> = {
  "ports-client": {
    title: "Port budget",
    lead: "The client's sockets, stacked, under the number of local ports it has. Where the stack meets the ceiling, connect() fails.",
  },
  "ports-target": {
    title: "Port budget of the gateway",
    lead: "The gateway dials its upstream, so it has a port budget of its own.",
  },
  rates: {
    title: "Offered, achieved, failed",
    lead: "What the schedule asked for, and what became of it.",
  },
  connect: {
    title: "connect() over time",
    lead: "It becomes slow before it fails: at half of the port range the search for a free port begins.",
  },
  request: {
    title: "Request latency over time",
    lead: "From sending a request until its whole response is there.",
  },
  losses: {
    title: "Failures, resets and drops",
    lead: "By errno and by what each kernel counted; what never happened is not drawn.",
  },
  queues: { title: "Queues before accept()", lead: "Once per second, on the side that listens." },
  "time-wait": {
    title: "TIME_WAIT by side",
    lead: "Who closes first holds it, for 60 s, also when the load is over.",
  },
  lateness: {
    title: "Lateness of the load generator",
    lead: "How long after its time a connection or request was begun: of the generator, not of what is measured.",
  },
};

/** One chart of one trial. */
export interface Panel {
  readonly trial: TrialSeries;
  readonly chart: TimeChart;
  readonly frame: Frame;
}

export interface PanelSet {
  readonly panels: readonly Panel[];
  /** Equal heights mean equal numbers in all panels. */
  readonly isShared: boolean;
}

/** Where one chart would be pressed flat by another, each has a scale of its own. */
const SPAN_MAX = 10;

/** One kind of chart for several trials, if it can be in the same frame. null where no trial has it. */
export function collectPanels(trials: readonly TrialSeries[], id: TimeChartId): PanelSet | null {
  const charts = trials.flatMap((trial) => {
    const chart = chartTrial(trial, id);
    return chart === null ? [] : [{ trial, chart }];
  });
  if (charts.length === 0) return null;
  const phases = charts.flatMap(({ trial }) => trial.phases);
  const shared = frameCharts(
    charts.map(({ chart }) => chart),
    phases,
  );
  const own = charts.map(({ chart }) => ({ ...shared, max: frameCharts([chart], phases).max }));
  const isShared = shared.max <= SPAN_MAX * minOf(own.map(({ max }) => max));
  return {
    isShared,
    panels: charts.map((panel, i) => ({ ...panel, frame: isShared ? shared : (own[i] as Frame) })),
  };
}

/** The one chart of a trial beside which its events are listed: the budget of who dials and may run out. */
export function listsEvents({ topology }: TrialSeries, id: TimeChartId): boolean {
  return id === (topology === "gateway" ? "ports-target" : "ports-client");
}

/** Names a trial above its chart. */
export function panelTitle({ variant, replicate, state }: TrialSeries): string {
  const how = state === "completed" ? "" : `, ${state}`;
  return `${variant}, replicate ${replicate}${how}`;
}

export function Legend({ lines }: { readonly lines: readonly ChartLine[] }): JSX.Element {
  return h(
    "ul",
    { class: "legend" },
    lines.map((line) => h("li", { key: line.label }, h(Swatch, { line }), line.label)),
  );
}

export function Swatch({ line }: { readonly line: ChartLine }): JSX.Element {
  const dashed = line.dashed ? " dashed" : "";
  return h("span", {
    class: `swatch ${line.shape} c-${line.colour}${dashed}`,
    "aria-hidden": "true",
  });
}
