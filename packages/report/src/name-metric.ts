import type { Role } from "@churnlab/core";

/** The name by which gates and SQL know a metric. */
export function nameMetric(role: Role, metric: string): string {
  return `${role}.${metric}`;
}
