import { ChurnError, type Scenario, type TrialSpec } from "@churnlab/core";
import { readOpenFileLimit } from "@churnlab/linux";

/** Descriptors of a run besides its connections: database, counters, namespaces, threads. */
const OTHER_DESCRIPTORS = 256;
/** An open loop does not say how many connections it keeps; with fewer than this a moment's delay is a failure. */
const IN_FLIGHT_MIN = 128;

/**
 * Client and target of a trial are threads of one process, so every connection that is open takes two descriptors of it.
 * Throws `E_NOFILE` before anything runs. Where the arrivals do not say how many connections are open at once, only the
 * least is asked for: what a trial still runs short of is its `W_NO_DESCRIPTORS`.
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
        { hint: `Raise it with: ulimit -n ${needed} (as root where it is the hard limit).` },
      );
    }
  }
}

/** Connections that are meant to be open at the same time; the least that makes sense where the arrivals do not say. */
function countOpenConnections({ workload, phases }: TrialSpec): number {
  const { arrival, kind } = workload;
  if (arrival.model === "closed") return arrival.connections;
  if (kind !== "hold") return IN_FLIGHT_MIN;
  const seconds = (phases.warmUpMs + phases.measureMs) / 1000;
  return Math.min(arrival.limit ?? Number.POSITIVE_INFINITY, arrival.ratePerS * seconds);
}
