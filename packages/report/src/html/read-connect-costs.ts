import {
  type ConnectCostPoint,
  type ConnectCostSummary,
  summariseConnectCost,
} from "@churnlab/core";
import type { StoredEvent } from "@churnlab/store";

/** The kind of event that carries a trial's table of connect() cost against port use. */
const CONNECT_COST_EVENT = "connect-by-port-use";

export interface TrialConnectCost {
  readonly trialId: number;
  readonly variant: string;
  readonly points: readonly ConnectCostPoint[];
  readonly summary: ConnectCostSummary;
}

/** The tables among the events; rows that are not three numbers are left out. */
export function readConnectCosts(events: readonly StoredEvent[]): TrialConnectCost[] {
  return events.flatMap(({ kind, trialId, variant, detail }) => {
    const rows = detail["rows"];
    if (kind !== CONNECT_COST_EVENT || !Array.isArray(rows)) return [];
    const points = rows.flatMap(readRow);
    return [{ trialId, variant, points, summary: summariseConnectCost(points) }];
  });
}

function readRow(row: unknown): ConnectCostPoint[] {
  if (!Array.isArray(row)) return [];
  const [percent, count, meanUs] = row as unknown[];
  if (typeof percent !== "number" || typeof count !== "number" || typeof meanUs !== "number")
    return [];
  return meanUs > 0 ? [{ percent, count, meanUs }] : [];
}
