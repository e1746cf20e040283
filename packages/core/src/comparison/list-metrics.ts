import { describeMetric, METRICS } from "../metrics.ts";
import { ROLES, type Role } from "../role.ts";
import type { MeasuredTrial, MetricKey } from "./read-measurement.ts";

/** Every metric that any of the trials measured: by role, then in the order of `METRICS`, then by name. */
export function listMetrics(trials: readonly MeasuredTrial[]): MetricKey[] {
  const names: Record<Role, Set<string>> = {
    client: new Set(),
    target: new Set(),
    upstream: new Set(),
  };
  for (const { measurements } of trials) {
    for (const { role, metric } of measurements) names[role].add(metric);
  }
  return ROLES.flatMap((role) =>
    [...names[role]]
      .map((metric) => ({ role, metric, place: placeOf(metric) }))
      .toSorted((a, b) => a.place - b.place || (a.metric < b.metric ? -1 : 1))
      .map(({ metric }) => ({ role, metric })),
  );
}

const PLACES: ReadonlyMap<string, number> = new Map(
  METRICS.map(({ name }, place) => [name, place]),
);

function placeOf(metric: string): number {
  return PLACES.get(describeMetric(metric)?.name ?? "") ?? METRICS.length;
}
