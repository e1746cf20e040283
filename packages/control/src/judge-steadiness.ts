import { findTrend, type Warning, type Workload } from "@churnlab/core";
import type { TrialEvidence } from "./trial-evidence.ts";

/**
 * Whether the rate went on rising or falling. Not asked where it is meant to (a ramp, a step, a limit), where connections failed or
 * were dropped, as their errnos say more, and where connections are held and none ends.
 */
export function judgeSteadiness({ trial, recording, report, aborted }: TrialEvidence): Warning[] {
  const { workload, phases } = trial.spec;
  const { failed, dropped } = report.tally.connections;
  if (aborted || !isMeantSteady(workload) || failed + dropped > 0) return [];
  const counted = workload.kind === "keep-alive" ? "requests.succeeded" : "connections.succeeded";
  const points = recording.series
    .points("client", counted)
    .map(({ atMs, value }) => ({ atMs: atMs - recording.measureAtMs, count: value }));
  const trend = findTrend(points, phases.measureMs);
  if (trend === null) return [];
  const change = `${trend.change > 0 ? "rose" : "fell"} by ${Math.abs(trend.change * 100).toFixed(0)} %`;
  const message = `the rate of ${counted} ${change} during the measure phase (p = ${trend.p.toPrecision(2)})`;
  return [{ code: "W_NOT_STEADY", message }];
}

function isMeantSteady({ kind, arrival }: Workload): boolean {
  if (kind === "hold") return false;
  return arrival.model === "closed" || (STEADY_SHAPES.has(arrival.shape) && arrival.limit === null);
}

const STEADY_SHAPES: ReadonlySet<string> = new Set(["constant", "poisson"]);
