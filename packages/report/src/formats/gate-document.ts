import type { GateResult } from "@churnlab/core";
import type { PredictionResult } from "../judge-predictions.ts";

/** Raised when a field changes its meaning or goes; new fields do not raise it. */
export const GATE_SCHEMA_VERSION = 1;

/** What `gate --json` prints. `schema/gate.schema.json` describes the same to programs. */
export interface GateDocument {
  readonly schemaVersion: typeof GATE_SCHEMA_VERSION;
  /** Id of the run that was judged. */
  readonly run: string;
  /** Why the run ends with 4 whatever its gates say; null when every planned trial is there and counts. */
  readonly doubt: string | null;
  /** One for each gate and variant. */
  readonly gates: readonly GateResult[];
  /** With `--gate-model`: every prediction of the port model; else null. */
  readonly predictions: readonly PredictionResult[] | null;
}

/** A `GateDocument` as text. */
export function formatGateJson(document: Omit<GateDocument, "schemaVersion">): string {
  return JSON.stringify({ schemaVersion: GATE_SCHEMA_VERSION, ...document }, null, 2);
}
