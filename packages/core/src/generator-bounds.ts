/** A worker thread this busy, CPU time over wall time, may be what limits the load. */
export const CPU_SHARE_BUSY = 0.85;

/** Start lateness (p99) that is of no consequence, whatever the rate. */
const LATENESS_MS = 5;
/** Or this share of the mean interval between arrivals, of all workers together: that is what the target sees. */
const LATENESS_INTERVAL_SHARE = 0.1;

/** How late the p99 of an open loop's arrivals may start; beyond it the generator is late. */
export function latenessBoundMs(ratePerS: number): number {
  return Math.max(LATENESS_MS, (LATENESS_INTERVAL_SHARE * 1000) / ratePerS);
}
