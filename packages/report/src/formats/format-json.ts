import type { GateResult } from "@churnlab/core";
import type { RunPeaks, StoredRun } from "@churnlab/store";
import type { RunComparison } from "../compare-run.ts";
import { buildComparisonResult, buildRunResult } from "./build-result.ts";

/** A `ResultDocument` of a run; what a repository commits as its baseline. */
export function formatRunJson(run: StoredRun, gates?: readonly GateResult[]): string {
  return JSON.stringify(buildRunResult(run, gates), null, 2);
}

/** The same with the fullest moment of every tuple of ports and every listener. */
export function formatShownJson(run: StoredRun, peaks: RunPeaks): string {
  return JSON.stringify({ ...buildRunResult(run), peaks }, null, 2);
}

/** A `ResultDocument` with comparisons. */
export function formatComparisonJson(
  comparison: RunComparison,
  gates?: readonly GateResult[],
): string {
  return JSON.stringify(buildComparisonResult(comparison, gates), null, 2);
}
