import { shareOf } from "@churnlab/core";
import { readOpenFileLimit } from "@churnlab/linux";
import type { WorkerJob } from "../engine.ts";
import { IN_FLIGHT_MAX } from "../limits.ts";

/** Descriptors left to everything else in the process. */
const SPARE_FILES = 256;

/** How many connections a worker may have open at the same time, within the limit on open files. */
export function slotsFor(job: WorkerJob): number {
  const { arrival } = job.workload;
  const { index, of } = job.worker;
  const wanted =
    arrival.model === "closed" ? shareOf(arrival.connections, of, index) : IN_FLIGHT_MAX;
  const allowed = Math.floor((readOpenFileLimit().soft - SPARE_FILES) / of);
  return Math.max(1, Math.min(wanted, allowed));
}

/** How many connections a target may have open at the same time. */
export function servedSlots(): number {
  return Math.max(1, Math.min(IN_FLIGHT_MAX, readOpenFileLimit().soft - SPARE_FILES));
}
