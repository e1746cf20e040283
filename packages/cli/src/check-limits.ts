import { ChurnError, type Scenario, type TrialSpec } from "@churnlab/core";
import { readOpenFileLimit } from "@churnlab/linux";

/** Descriptors of a run besides its connections: database, counters, namespaces, threads. */
const OTHER_DESCRIPTORS = 256;

/**
 * Client and target of a trial are threads of one process, so every connection that is open takes two descriptors of it.
 * Only a load that says how many connections it keeps can be checked; throws `E_NOFILE` then, before anything runs.
 */
export function checkLimits(scenarios: readonly Scenario[]): void {
  const limit = readOpenFileLimit();
  for (const { name, variants } of scenarios) {
    for (const variant of variants) {
      const needed = countOpenConnections(variant.spec) * 2 + OTHER_DESCRIPTORS;
      if (needed <= limit.hard) continue;
      throw new ChurnError(
        "E_NOFILE",
        `${name}, variant ${variant.name}: about ${needed} files open at once, but the limit is ${limit.hard}.`,
        { hint: `Raise it (ulimit -Hn ${needed}), or ask for fewer connections.` },
      );
    }
  }
}

/** Connections that are meant to be open at the same time; 0 where the arrivals do not say. */
function countOpenConnections({ workload, phases }: TrialSpec): number {
  const { arrival, kind } = workload;
  if (arrival.model === "closed") return arrival.connections;
  if (kind !== "hold") return 0;
  const seconds = (phases.warmUpMs + phases.measureMs) / 1000;
  return Math.min(arrival.limit ?? Number.POSITIVE_INFINITY, arrival.ratePerS * seconds);
}
