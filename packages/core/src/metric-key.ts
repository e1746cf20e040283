import type { Role } from "./role.ts";

export interface MetricKey {
  readonly role: Role;
  /** Without the role: `time_wait.peak`. */
  readonly metric: string;
}

/** The name by which gates, series and SQL know a metric: `client.connections.rate`. */
export function nameMetric({ role, metric }: MetricKey): string {
  return `${role}.${metric}`;
}
