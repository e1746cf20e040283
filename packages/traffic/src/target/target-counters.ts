import { ERRNO, ERRNO_LIMIT, type ErrnoName, nameErrno } from "@churnlab/core";
import { monotonicMs } from "../monotonic.ts";
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

/**
 * When something happened for the first time: a gateway had no local port left for its upstream, had one again, and a
 * connection could not be accepted.
 */
export const TARGET_MOMENTS = ["portsExhausted", "portsFreeAgain", "acceptFailed"] as const;
export type TargetMoment = (typeof TARGET_MOMENTS)[number];

/** While dials only failed for so long, ports were out; where they come back as fast as they are asked for, they never were free again. */
const PAUSE_MS = 200;

const STOP_SLOT = 0;
const COUNTERS_AT = 1;

const FAILURES_AT = COUNTERS_AT + TARGET_COUNTERS.length;

const ACCEPT_FAILURES_AT = FAILURES_AT + ERRNO_LIMIT;

const SLOTS = ACCEPT_FAILURES_AT + ERRNO_LIMIT;
const MOMENTS_AT: number = Math.ceil((SLOTS * 4) / 8) * 8;
const HOLDINGS_AT: number = MOMENTS_AT + TARGET_MOMENTS.length * 8;

export const TARGET_COUNTERS_BYTES: number = HOLDINGS_AT + THREAD_HOLDINGS_BYTES;

export const TARGET_COUNTER_SLOT = Object.fromEntries(
  TARGET_COUNTERS.map((name, i) => [name, COUNTERS_AT + i]),
) as Readonly<Record<TargetCounterName, number>>;

/**
 * What a target has done so far, in shared memory: the serving thread writes, any thread reads. `accepted` and `requests`
 * (answered in full) only grow; `open` is a gauge of accepted connections that are not closed. Of a gateway towards its
 * upstream: connections `dialled`, `connected` and, by errno, failed; `upstreamOpen`, a gauge; requests `upstreamAttempted`
 * and `upstreamServed`. Connections that could not be accepted, by errno. Moments, on CLOCK_MONOTONIC. The stop flag, and
 * forgetting moments, go the other way.
 */
export class TargetCounters {
  readonly shared: SharedArrayBuffer;
  /** For inner loops; see `TARGET_COUNTER_SLOT`. */
  readonly slots: Int32Array;
  readonly holdings: ThreadHoldings;
  /** 0 is never. */
  readonly #moments: Float64Array;
  #dialledWellMs = 0;
  #hasPaused = false;

  constructor(shared: SharedArrayBuffer = new SharedArrayBuffer(TARGET_COUNTERS_BYTES)) {
    this.shared = shared;
    this.slots = new Int32Array(shared, 0, SLOTS);
    this.#moments = new Float64Array(shared, MOMENTS_AT, TARGET_MOMENTS.length);
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
    if (errno !== ERRNO.EADDRNOTAVAIL) return;
    const sinceMs = Math.max(this.#dialledWellMs, this.#note("portsExhausted"));
    if (monotonicMs() - sinceMs >= PAUSE_MS) this.#hasPaused = true;
  }

  /** Counts a connection to the upstream that is open. */
  connect(): void {
    this.add("connected");
    this.add("upstreamOpen");
    this.#dialledWellMs = monotonicMs();
    if (!this.#hasPaused) return;
    this.#hasPaused = false;
    this.#note("portsFreeAgain");
  }

  /** Counts a connection that could not be accepted, for want of a descriptor mostly. */
  failAccept(errno: number): void {
    const slot = ACCEPT_FAILURES_AT + errno;
    this.slots[slot] = (this.slots[slot] as number) + 1;
    this.#note("acceptFailed");
  }

  /** Failed connections to the upstream, by errno; those that did not occur are absent. */
  failures(): ReadonlyMap<ErrnoName, number> {
    return this.#byErrno(FAILURES_AT);
  }

  /** Connections that could not be accepted, by errno; those that did not occur are absent. */
  acceptFailures(): ReadonlyMap<ErrnoName, number> {
    return this.#byErrno(ACCEPT_FAILURES_AT);
  }

  /** When it first happened since the moments were forgotten, on CLOCK_MONOTONIC; null while it has not. */
  atMs(moment: TargetMoment): number | null {
    return this.#moments[TARGET_MOMENTS.indexOf(moment)] || null;
  }

  /** From now on the next of each is the first. */
  forgetMoments(): void {
    this.#moments.fill(0);
  }

  read(counter: TargetCounterName): number {
    return this.slots[TARGET_COUNTER_SLOT[counter]] as number;
  }

  /** Returns when it happened first. */
  #note(moment: TargetMoment): number {
    const index = TARGET_MOMENTS.indexOf(moment);
    const before = this.#moments[index] as number;
    if (before > 0) return before;
    const nowMs = monotonicMs();
    this.#moments[index] = nowMs;
    return nowMs;
  }

  #byErrno(from: number): ReadonlyMap<ErrnoName, number> {
    const counts = [...this.slots.subarray(from, from + ERRNO_LIMIT)];
    return new Map(
      counts.flatMap((count, errno) => (count === 0 ? [] : [[nameErrno(errno), count] as const])),
    );
  }
}
