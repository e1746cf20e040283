import { type Measurement, minOf, type Role, sawPortsFull } from "@churnlab/core";
import { isExhaustion } from "./find-exhaustion.ts";
import type { TrialEvidence } from "./trial-evidence.ts";

/**
 * When each role that dials had no port left for the first time: of the client its failures tell, a server that dials says so
 * itself. `seen` has what the looks at the sockets were reduced to. Where they speak against it there is no such moment, only
 * the event `ports.refused`.
 */
export function reduceExhaustion(
  { trial, recording, report }: Pick<TrialEvidence, "trial" | "recording" | "report">,
  seen: readonly Measurement[],
): Measurement[] {
  const { bind } = trial.spec.workload;
  const failed = report.failures
    .filter((failure) => isExhaustion(failure, bind))
    .map(({ firstMs }) => ({ role: "client" as Role, tMs: firstMs }));
  const told = recording.events().filter(({ role, kind, tMs }) => {
    return role !== "client" && kind === "ports.exhausted" && tMs >= 0;
  });
  const byRole = Map.groupBy([...failed, ...told], ({ role }) => role);
  return [...byRole]
    .filter(([role]) => sawPortsFull(seen, role) !== false)
    .map(([role, moments]) => ({
      role,
      metric: "ports.first_exhausted_ms",
      value: minOf(moments.map(({ tMs }) => tMs)),
    }));
}
