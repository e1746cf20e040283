import { describeMetric, METRICS } from "../metrics.ts";
import { ROLES } from "../role.ts";
import type { MeasuredTrial, MetricKey } from "./read-measurement.ts";

/** Every metric that any of the trials measured: by role, then in the order of `METRICS`, then by name. */
export function listMetrics(trials: readonly MeasuredTrial[]): MetricKey[] {
  const keys = new Map<string, MetricKey>();
  for (const { measurements } of trials) {
    for (const { role, metric } of measurements) keys.set(`${role}.${metric}`, { role, metric });
  }
  return [...keys.values()]
    .map((key) => ({ key, place: placeOf(key) }))
    .toSorted((a, b) => a.place - b.place || (a.key.metric < b.key.metric ? -1 : 1))
    .map(({ key }) => key);
}

const PLACES: ReadonlyMap<string, number> = new Map(
  METRICS.map(({ name }, place) => [name, place]),
);

function placeOf({ role, metric }: MetricKey): number {
  const name = describeMetric(metric)?.name ?? "";
  return ROLES.indexOf(role) * (METRICS.length + 1) + (PLACES.get(name) ?? METRICS.length);
}
