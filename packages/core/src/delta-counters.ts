import type { CounterReading } from "./testbed.ts";

/** How the counters of one role changed between two readings. */
export interface CounterDeltas {
  /** By counter; those that cannot be told are absent. Never negative. */
  readonly deltas: Readonly<Record<string, number>>;
  /** Counters that decreased: they wrapped, or the namespace is another one. */
  readonly wrapped: readonly string[];
  /** Counters that only the second reading has. */
  readonly appeared: readonly string[];
  /** Counters that only the first reading has. */
  readonly vanished: readonly string[];
}

/**
 * The growth of each counter. A difference is only given where both readings have the counter and it did not decrease:
 * all else is named, so that no doubt becomes a number.
 */
export function deltaCounters(before: CounterReading, after: CounterReading): CounterDeltas {
  const deltas: Record<string, number> = {};
  const wrapped: string[] = [];
  const appeared: string[] = [];
  for (const [name, value] of Object.entries(after.counters)) {
    const earlier = before.counters[name];
    if (earlier === undefined) appeared.push(name);
    else if (value < earlier) wrapped.push(name);
    else deltas[name] = value - earlier;
  }
  const vanished = Object.keys(before.counters).filter((name) => !(name in after.counters));
  return { deltas, wrapped, appeared, vanished };
}
