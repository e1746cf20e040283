import type { LiveTally } from "./agent.ts";
import type { ErrnoName } from "./errno.ts";

/** Of a shard that has not begun. */
export const EMPTY_LIVE_TALLY: LiveTally = {
  attempted: 0,
  established: 0,
  succeeded: 0,
  failed: 0,
  dropped: 0,
  requestsSucceeded: 0,
  failures: {},
  open: 0,
};

/** What all shards of a trial have counted together. */
export function addLiveTallies(tallies: readonly LiveTally[]): LiveTally {
  return tallies.reduce(
    (sum, tally) => ({
      attempted: sum.attempted + tally.attempted,
      established: sum.established + tally.established,
      succeeded: sum.succeeded + tally.succeeded,
      failed: sum.failed + tally.failed,
      dropped: sum.dropped + tally.dropped,
      requestsSucceeded: sum.requestsSucceeded + tally.requestsSucceeded,
      failures: addFailures(sum.failures, tally.failures),
      open: sum.open + tally.open,
    }),
    EMPTY_LIVE_TALLY,
  );
}

function addFailures(a: LiveTally["failures"], b: LiveTally["failures"]): LiveTally["failures"] {
  const sum = { ...a };
  for (const [errno, count] of Object.entries(b) as [ErrnoName, number][]) {
    sum[errno] = (sum[errno] ?? 0) + count;
  }
  return sum;
}
