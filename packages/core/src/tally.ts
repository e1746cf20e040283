import type { ErrnoName } from "./errno.ts";

/** The steps of a connection at which it can fail. */
export const CONNECTION_STEPS = ["bind", "connect", "send", "receive", "close"] as const;
export type ConnectionStep = (typeof CONNECTION_STEPS)[number];

/**
 * Integer outcome counts of the measure phase. Two ledgers obey the same identities:
 * intended = attempted + dropped, and attempted = succeeded + failed.
 */
export interface Tally {
  readonly connections: {
    readonly intended: number;
    readonly attempted: number;
    readonly established: number;
    readonly succeeded: number;
    readonly failed: number;
    /** Arrivals that could not be started in time: load that was not offered. */
    readonly dropped: number;
  };
  readonly requests: {
    readonly intended: number;
    readonly attempted: number;
    readonly succeeded: number;
    readonly failed: number;
    readonly dropped: number;
  };
}

/** Failed connections of one step and errno. The counts of a tally's records add up to `connections.failed`. */
export interface FailureRecord {
  readonly step: ConnectionStep;
  readonly errno: ErrnoName;
  readonly count: number;
  /** Milliseconds since the start of the measure phase. */
  readonly firstMs: number;
  readonly lastMs: number;
}

export const EMPTY_TALLY: Tally = {
  connections: {
    intended: 0,
    attempted: 0,
    established: 0,
    succeeded: 0,
    failed: 0,
    dropped: 0,
  },
  requests: { intended: 0, attempted: 0, succeeded: 0, failed: 0, dropped: 0 },
};

function addLedgers<L extends Readonly<Record<string, number>>>(a: L, b: L): L {
  return Object.fromEntries(
    Object.entries(a).map(([key, value]) => [key, value + (b[key] ?? 0)]),
  ) as L;
}

/** Every count summed; of none, all are 0. */
export function addTallies(tallies: readonly Tally[]): Tally {
  return tallies.reduce(
    (sum, tally) => ({
      connections: addLedgers(sum.connections, tally.connections),
      requests: addLedgers(sum.requests, tally.requests),
    }),
    EMPTY_TALLY,
  );
}

/** Adds up records of the same step and errno; ordered by first occurrence. */
export function mergeFailures(records: readonly FailureRecord[]): FailureRecord[] {
  const merged = new Map<string, FailureRecord>();
  for (const record of records) {
    const key = `${record.step} ${record.errno}`;
    const seen = merged.get(key);
    merged.set(key, seen === undefined ? record : joinFailures(seen, record));
  }
  return [...merged.values()].toSorted((a, b) => a.firstMs - b.firstMs);
}

function joinFailures(a: FailureRecord, b: FailureRecord): FailureRecord {
  return {
    ...a,
    count: a.count + b.count,
    firstMs: Math.min(a.firstMs, b.firstMs),
    lastMs: Math.max(a.lastMs, b.lastMs),
  };
}

/** Every identity the counts break, as a sentence; empty when they add up. */
export function findBrokenIdentities(tally: Tally, failures: readonly FailureRecord[]): string[] {
  const { connections: c, requests: r } = tally;
  const byErrno = failures.reduce((sum, failure) => sum + failure.count, 0);
  const checks: [string, number, number][] = [
    ["connections: intended = attempted + dropped", c.intended, c.attempted + c.dropped],
    ["connections: attempted = succeeded + failed", c.attempted, c.succeeded + c.failed],
    ["connections: failed = sum over errnos", c.failed, byErrno],
    ["requests: intended = attempted + dropped", r.intended, r.attempted + r.dropped],
    ["requests: attempted = succeeded + failed", r.attempted, r.succeeded + r.failed],
  ];
  return checks
    .filter(([, left, right]) => left !== right)
    .map(([identity, left, right]) => `${identity}, but ${left} ≠ ${right}`);
}
