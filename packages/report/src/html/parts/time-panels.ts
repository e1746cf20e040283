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
};

/** One chart of one trial, as far as it is there. */
export interface Panel {
  readonly trial: TrialSeries;
  readonly chart: TimeChart;
}

export interface PanelSet {
  readonly panels: readonly Panel[];
  readonly frame: Frame;
}

/** One kind of chart for several trials, all in the same frame. null where no trial has it. */
export function collectPanels(trials: readonly TrialSeries[], id: TimeChartId): PanelSet | null {
  const panels = trials.flatMap((trial) => {
    const chart = chartTrial(trial, id);
    return chart === null ? [] : [{ trial, chart }];
  });
  if (panels.length === 0) return null;
  const phases = panels.flatMap(({ trial }) => trial.phases);
  const frame = frameCharts(
    panels.map(({ chart }) => chart),
    phases,
  );
  return { panels, frame };
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
