import type { ResultDocument } from "@churnlab/report";

const CLAIMS: ReadonlySet<string> = new Set(["better", "worse"]);

/** The gates of a run that failed, each with its variant. */
export function failedGates({ gates = [] }: ResultDocument): string[] {
  return gates
    .filter(({ outcome }) => outcome === "fail")
    .map(({ metric, variant }) => `${variant ?? ""}: ${metric}`);
}

/** The gates that failed and the metrics that a difference was claimed of. */
export function listAlarms(result: ResultDocument): string[] {
  const claimed = (result.comparisons ?? []).flatMap(({ metrics }) =>
    metrics.filter(({ verdict }) => CLAIMS.has(verdict)),
  );
  return [...failedGates(result), ...claimed.map(({ role, metric }) => `${role}.${metric}`)];
}
