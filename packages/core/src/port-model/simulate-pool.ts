export interface PoolInput {
  /** Times at which a connection is begun, ascending, milliseconds. */
  readonly arrivals: Iterable<number>;
  /** Arrivals before this time take ports but are not counted. */
  readonly countFromMs: number;
  readonly capacity: number;
  /** How long a connection lives. */
  readonly lifeMs: number;
  /** How long its port is then kept; Infinity: to the end. */
  readonly waitMs: number;
  /** Most ports that wait at once; connections that end above it free their port immediately. */
  readonly waitingMax: number;
  /** When to count the ports that wait, ascending; never when absent. */
  readonly lookAtMs?: readonly number[];
}

export interface PoolOutcome {
  readonly succeeded: number;
  readonly failed: number;
  /** Counted connections whose port did not have to wait because too many did already. */
  readonly skipped: number;
  /** First counted arrival that found no port; null: none. From the start of counting, as `halfFullMs`. */
  readonly firstFailureMs: number | null;
  /** When half of the ports were first taken; null: never. Below 0 when that was before counting began. */
  readonly halfFullMs: number | null;
  readonly waitingPeak: number;
  /** Ports that waited at each of `lookAtMs`. */
  readonly waitingAt: readonly number[];
}

/** Times that are removed in the order they were added. */
class Fifo {
  readonly #times: number[] = [];
  #head = 0;

  get length(): number {
    return this.#times.length - this.#head;
  }

  add(time: number): void {
    this.#times.push(time);
  }

  /** The earliest time if it has come, else null. */
  takeUntil(nowMs: number): number | null {
    const first = this.#times[this.#head];
    if (first === undefined || first > nowMs) return null;
    this.#head++;
    return first;
  }
}

/**
 * Runs arrivals against a pool of ports: each takes one, keeps it for its life, and leaves it waiting. Exact for the pool
 * that the input describes; the kernel's search for a free port and its timer batches are not part of it.
 */
export function simulatePool(input: PoolInput): PoolOutcome {
  const { countFromMs, capacity, lifeMs, waitMs, waitingMax, lookAtMs = [] } = input;
  const busy = new Fifo();
  const waiting = new Fifo();
  const outcome = { succeeded: 0, failed: 0, skipped: 0, waitingPeak: 0 };
  let firstFailureMs: number | null = null;
  let halfFullMs: number | null = null;
  const waitingAt: number[] = [];

  const end = (endMs: number, freeAtMs: number): void => {
    if (waitMs === 0) return;
    if (waiting.length < waitingMax) waiting.add(freeAtMs);
    else if (endMs - lifeMs >= countFromMs) outcome.skipped++;
    outcome.waitingPeak = Math.max(outcome.waitingPeak, waiting.length);
  };
  const advance = (nowMs: number): void => {
    for (let endMs = busy.takeUntil(nowMs); endMs !== null; endMs = busy.takeUntil(nowMs)) {
      while (waiting.takeUntil(endMs) !== null);
      end(endMs, endMs + waitMs);
    }
    while (waiting.takeUntil(nowMs) !== null);
  };

  const look = (untilMs: number): void => {
    for (let i = waitingAt.length; i < lookAtMs.length; i++) {
      const nowMs = lookAtMs[i] as number;
      if (nowMs > untilMs) return;
      advance(nowMs);
      waitingAt.push(waiting.length);
    }
  };

  for (const atMs of input.arrivals) {
    look(atMs);
    advance(atMs);
    const isCounted = atMs >= countFromMs;
    if (busy.length + waiting.length >= capacity) {
      if (!isCounted) continue;
      outcome.failed++;
      firstFailureMs ??= atMs - countFromMs;
      continue;
    }
    busy.add(atMs + lifeMs);
    if (isCounted) outcome.succeeded++;
    if ((busy.length + waiting.length) * 2 >= capacity) halfFullMs ??= atMs - countFromMs;
  }
  look(Number.POSITIVE_INFINITY);
  // What still lives when the load ends is closed now; none of the waiting ports comes back before.
  while (busy.length > 0)
    end(busy.takeUntil(Number.POSITIVE_INFINITY) ?? 0, Number.POSITIVE_INFINITY);
  return { ...outcome, firstFailureMs, halfFullMs, waitingAt };
}
