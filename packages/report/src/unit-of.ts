import { describeMetric } from "@churnlab/core";

const units = new Map<string, string>();

/** The unit of a metric by its name without role; empty for one that core's table does not have. */
export function unitOf(metric: string): string {
  let unit = units.get(metric);
  if (unit === undefined) {
    unit = describeMetric(metric)?.unit ?? "";
    units.set(metric, unit);
  }
  return unit;
}
