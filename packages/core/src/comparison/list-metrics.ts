import { LATENCY_QUANTILES } from "../latency-quantiles.ts";
import type { MetricKey } from "../metric-key.ts";
import { describeMetric, METRICS } from "../metrics.ts";
import { ROLES, type Role } from "../role.ts";
import { layOutMeasurements } from "./measurement-layout.ts";
import type { MeasuredTrial } from "./read-measurement.ts";

/** Every metric that any of the trials measured: by role, then in the order of `METRICS`, then by name. */
export function listMetrics(trials: readonly MeasuredTrial[]): MetricKey[] {
  const names: Record<Role, Set<string>> = {
    client: new Set(),
    target: new Set(),
    upstream: new Set(),
  };
  const layouts = new Set(
    trials.map(({ measurements }) => layOutMeasurements(measurements).layout),
  );
  for (const { keys } of layouts) {
    for (const { role, metric } of keys) names[role].add(metric);
  }
  return ROLES.flatMap((role) =>
    [...names[role]]
      .map((metric) => ({ role, metric, place: placeOf(metric) }))
      .toSorted((a, b) => a.place - b.place || compareNames(a.metric, b.metric))
      .map(({ metric }) => ({ role, metric })),
  );
}

const QUANTILES: readonly string[] = LATENCY_QUANTILES.map(({ name }) => name);

/** By name, but quantiles of one latency as they ascend. */
function compareNames(a: string, b: string): number {
  const [stemA, quantileA] = splitQuantile(a);
  const [stemB, quantileB] = splitQuantile(b);
  if (stemA !== stemB) return stemA < stemB ? -1 : 1;
  return quantileA - quantileB;
}

function splitQuantile(metric: string): [stem: string, quantile: number] {
  const dot = metric.lastIndexOf(".");
  const quantile = QUANTILES.indexOf(metric.slice(dot + 1));
  return quantile === -1 ? [metric, 0] : [metric.slice(0, dot), quantile];
}

const PLACES: ReadonlyMap<string, number> = new Map(
  METRICS.map(({ name }, place) => [name, place]),
);

function placeOf(metric: string): number {
  return PLACES.get(describeMetric(metric)?.name ?? "") ?? METRICS.length;
}
