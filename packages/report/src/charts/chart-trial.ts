import type { Role } from "@churnlab/core";
import { chartLatency } from "./chart-latency.ts";
import { chartLosses } from "./chart-losses.ts";
import { chartPortBudget } from "./chart-port-budget.ts";
import { chartQueues } from "./chart-queues.ts";
import { chartRates } from "./chart-rates.ts";
import { chartTimeWait } from "./chart-time-wait.ts";
import type { TimeChart } from "./time-chart.ts";
import type { TrialSeries } from "./trial-series.ts";

/** Every picture in a report's order. */
export const TIME_CHART_IDS = [
  "ports-target",
  "ports-client",
  "rates",
  "connect",
  "request",
  "losses",
  "queues",
  "time-wait",
  "lateness",
] as const;
export type TimeChartId = (typeof TIME_CHART_IDS)[number];

const CHARTS: Readonly<Record<TimeChartId, (trial: TrialSeries) => TimeChart | null>> = {
  "ports-client": (trial) => chartPortBudget(trial, "client"),
  "ports-target": (trial) => (dialsOut(trial, "target") ? chartPortBudget(trial, "target") : null),
  rates: chartRates,
  connect: (trial) => chartLatency(trial, "connect"),
  request: (trial) => chartLatency(trial, "request"),
  losses: chartLosses,
  queues: chartQueues,
  "time-wait": chartTimeWait,
  lateness: (trial) => chartLatency(trial, "schedule"),
};

/** One picture of a trial; null where nothing of it was sampled. */
export function chartTrial(trial: TrialSeries, id: TimeChartId): TimeChart | null {
  return CHARTS[id](trial);
}

/** Only who dials has a port budget: the client, and a gateway towards its upstream. */
function dialsOut({ topology }: TrialSeries, role: Role): boolean {
  return role === "client" || topology === "gateway";
}
