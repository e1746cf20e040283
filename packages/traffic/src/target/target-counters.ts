import { ERRNO_LIMIT, type ErrnoName, nameErrno } from "@churnlab/core";
import { THREAD_HOLDINGS_BYTES, ThreadHoldings } from "../thread-holdings.ts";

/** Counts of a serving thread, in the order of their slots; the latter half only a gateway has. */
export const TARGET_COUNTERS = [
  "accepted",
  "requests",
  "open",
  "dialled",
  "connected",
  "upstreamOpen",
  "upstreamAttempted",
  "upstreamServed",
] as const;
export type TargetCounterName = (typeof TARGET_COUNTERS)[number];

const STOP_SLOT = 0;
const COUNTERS_AT = 1;

const FAILURES_AT = COUNTERS_AT + TARGET_COUNTERS.length;

const SLOTS = FAILURES_AT + ERRNO_LIMIT;
const HOLDINGS_AT: number = Math.ceil((SLOTS * 4) / 8) * 8;

export const TARGET_COUNTERS_BYTES: number = HOLDINGS_AT + THREAD_HOLDINGS_BYTES;

export const TARGET_COUNTER_SLOT = Object.fromEntries(
  TARGET_COUNTERS.map((name, i) => [name, COUNTERS_AT + i]),
) as Readonly<Record<TargetCounterName, number>>;

/**
 * What a target has done so far, in shared memory: the serving thread writes, any thread reads. `accepted` and `requests`
 * (answered in full) only grow; `open` is a gauge of accepted connections that are not closed. Of a gateway towards its
 * upstream: connections `dialled`, `connected` and, by errno, failed; `upstreamOpen`, a gauge; requests `upstreamAttempted`
 * and `upstreamServed`. The stop flag goes the other way.
 */
export class TargetCounters {
  readonly shared: SharedArrayBuffer;
  /** For inner loops; see `TARGET_COUNTER_SLOT`. */
  readonly slots: Int32Array;
  readonly holdings: ThreadHoldings;

  constructor(shared: SharedArrayBuffer = new SharedArrayBuffer(TARGET_COUNTERS_BYTES)) {
    this.shared = shared;
    this.slots = new Int32Array(shared, 0, SLOTS);
    this.holdings = new ThreadHoldings(new Float64Array(shared, HOLDINGS_AT));
  }

  get stopping(): boolean {
    return Atomics.load(this.slots, STOP_SLOT) !== 0;
  }

  requestStop(): void {
    Atomics.store(this.slots, STOP_SLOT, 1);
  }

  add(counter: TargetCounterName, count = 1): void {
    const slot = TARGET_COUNTER_SLOT[counter];
    this.slots[slot] = (this.slots[slot] as number) + count;
  }

  /** Counts a connection to the upstream that could not be opened. */
  fail(errno: number): void {
    this.slots[FAILURES_AT + errno] = (this.slots[FAILURES_AT + errno] as number) + 1;
  }

  /** Failed connections to the upstream, by errno; those that did not occur are absent. */
  failures(): ReadonlyMap<ErrnoName, number> {
    const counts = [...this.slots.subarray(FAILURES_AT)];
    return new Map(
      counts.flatMap((count, errno) => (count === 0 ? [] : [[nameErrno(errno), count] as const])),
    );
  }

  read(counter: TargetCounterName): number {
    return this.slots[TARGET_COUNTER_SLOT[counter]] as number;
  }
}
