import type { MetricHistory } from "../build-history.ts";

/** Raised when a field changes its meaning or goes; new fields do not raise it. */
export const HISTORY_SCHEMA_VERSION = 1;

/** What `history --json` prints. `schema/history.schema.json` describes the same to programs. */
export interface HistoryDocument extends MetricHistory {
  readonly schemaVersion: typeof HISTORY_SCHEMA_VERSION;
}

/** A `HistoryDocument` as text. */
export function formatHistoryJson(history: MetricHistory): string {
  return JSON.stringify({ schemaVersion: HISTORY_SCHEMA_VERSION, ...history }, null, 2);
}
