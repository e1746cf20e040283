import type { Workload } from "@churnlab/core";

/** More threads than this seldom offer more load to one target; who wants them asks with `workers`. */
export const WORKERS_DEFAULT_MAX = 4;

/**
 * How many worker threads a workload gets on a machine with this many processors: what it asks for, else one per processor
 * but one, which is the target's, at most 4 and, in a closed loop, at most one per connection. Never less than one per source,
 * because a thread lives in one namespace.
 */
export function chooseWorkers(workload: Workload, processors: number): number {
  const { arrival, sources } = workload;
  const useful = arrival.model === "closed" ? arrival.connections : Number.POSITIVE_INFINITY;
  const wanted = workload.workers ?? Math.min(processors - 1, WORKERS_DEFAULT_MAX, useful);
  return Math.max(1, sources, wanted);
}
