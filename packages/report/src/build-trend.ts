import { ChurnError, type MetricKey, nameMetric } from "@churnlab/core";
import type { StoreReader } from "@churnlab/store";
import { buildHistory, type MetricHistory } from "./build-history.ts";
import { listRunMetrics } from "./variant-readings.ts";

/** What may be asked of the history of a database; what is left out is chosen. */
export interface TrendChoice {
  readonly scenario?: string;
  readonly variant?: string;
  /** `role.metric` */
  readonly metric?: string;
}

/** The history of one metric, with everything else that could have been chosen. */
export interface Trend {
  readonly history: MetricHistory;
  readonly scenarios: readonly string[];
  readonly variants: readonly string[];
  readonly metrics: readonly string[];
}

const METRIC_FIRST = ["client.requests.rate", "client.connections.rate"];

/**
 * The history that a choice names. What is left out is of the newest run that completed a trial: its scenario, its
 * baseline, its rate. null in a database without such a run. Throws `E_USAGE` for what no run has.
 */
export function buildTrend(store: StoreReader, choice: TrendChoice): Trend | null {
  const runs = store.listRuns().filter(({ trials }) => trials.completed > 0);
  const scenarios = [...new Set(runs.map(({ scenario }) => scenario))].toSorted();
  const newest = runs.findLast(
    ({ scenario }) => choice.scenario === undefined || scenario === choice.scenario,
  );
  if (newest === undefined) {
    if (choice.scenario === undefined) return null;
    throw unknown("scenario", choice.scenario);
  }
  const run = store.loadRun(newest.runId);
  const variants = run.variantList.map(({ name }) => name);
  const keys = new Map(
    listRunMetrics(run).map((key): [string, MetricKey] => [nameMetric(key), key]),
  );
  const metrics = [...keys.keys()];
  const baseline = run.variantList.find((one) => one.baseline)?.name;
  const variant = choice.variant ?? baseline ?? variants[0] ?? "";
  if (!variants.includes(variant)) throw unknown("variant", variant);
  const isByRequest = run.variantList.some(({ spec }) => spec.workload.kind === "keep-alive");
  const usual = METRIC_FIRST[isByRequest ? 0 : 1] ?? "";
  const metric = choice.metric ?? (keys.has(usual) ? usual : metrics[0]) ?? "";
  const key = keys.get(metric);
  if (key === undefined) throw unknown("metric", metric);
  const history = buildHistory(store, { scenario: run.scenario, variant, ...key });
  return { history, scenarios, variants, metrics };
}

function unknown(what: string, name: string): ChurnError {
  return new ChurnError("E_USAGE", `The newest run that it could be of has no ${what} ${name}`, {
    hint: "Leave it out, and choose among those that there are.",
  });
}
