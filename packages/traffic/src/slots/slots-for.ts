import { shareOf } from "@churnlab/core";
import { readOpenFileLimit } from "@churnlab/linux";
import type { WorkerJob } from "../engine.ts";
import { IN_FLIGHT_MAX } from "../limits.ts";

/** Descriptors left to everything else in the process. */
const SPARE_FILES = 256;

/** How many connections a worker can have open at the same time, if descriptors are no question. */
export function slotsFor({ workload, worker }: WorkerJob): number {
  const { arrival } = workload;
  if (arrival.model === "open") return IN_FLIGHT_MAX;
  return Math.max(1, shareOf(arrival.connections, worker.of, worker.index));
}

/** What the limit on open files leaves of that for one table of descriptors. */
export function withinOpenFiles(slots: number): number {
  return Math.max(1, Math.min(slots, readOpenFileLimit().soft - SPARE_FILES));
}

/** How many connections a target may have open at the same time. */
export function servedSlots(): number {
  return withinOpenFiles(IN_FLIGHT_MAX);
}
