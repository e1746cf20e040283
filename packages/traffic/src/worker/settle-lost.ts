import { ERRNO } from "@churnlab/core";
import { type Bank, MEASURE, WARM_UP, type WorkerCounters } from "../worker-counters.ts";

/**
 * Closes the books of a worker whose thread is gone, so that what it has counted adds up and can be kept: connections and
 * requests that were in flight have failed, as `UNFINISHED`. Of the one that the thread was counting when it ended, the count
 * that is missing is made up for. `tMs` is when it was found lost, relative to the start of the measure phase.
 */
export function settleLost(counters: WorkerCounters, tMs: number): void {
  for (const bank of [WARM_UP, MEASURE] as const) {
    settleConnections(counters, bank, tMs);
    settleRequests(counters, bank);
  }
  counters.open = 0;
}

function settleConnections(counters: WorkerCounters, bank: Bank, tMs: number): void {
  const { attempted, established, succeeded, failed, dropped } = counters.toTally(bank).connections;
  counters.write(bank, "intended", attempted + dropped);
  const failures = counters.toFailures();
  // A failure is counted before its step and errno are; the warm-up keeps neither.
  const known = bank === MEASURE ? failures.reduce((sum, { count }) => sum + count, 0) : failed;
  counters.write(bank, "failed", known);
  const failedOpen = failures
    .filter(({ step }) => step !== "bind" && step !== "connect")
    .reduce((sum, { count }) => sum + count, 0);
  let open = established - succeeded - failedOpen;
  for (let left = attempted - succeeded - known; left > 0; left--) {
    const step = open-- > 0 ? "receive" : "connect";
    counters.fail(bank, { step, errno: ERRNO.UNFINISHED, tMs });
  }
}

function settleRequests(counters: WorkerCounters, bank: Bank): void {
  const { attempted, succeeded, dropped } = counters.toTally(bank).requests;
  counters.write(bank, "requestsIntended", attempted + dropped);
  counters.write(bank, "requestsFailed", attempted - succeeded);
}
