/**
 * The highest of the values, −∞ of none, NaN where one is: as `Math.max`, and of any number of them. Spread over a call, each
 * value is an argument, of which V8's stack takes some 120 000: a gauge has as many samples after seven hours.
 */
export function maxOf(values: Iterable<number>): number {
  let highest = Number.NEGATIVE_INFINITY;
  for (const value of values) highest = Math.max(highest, value);
  return highest;
}

/** The lowest of the values, ∞ of none, NaN where one is. */
export function minOf(values: Iterable<number>): number {
  let lowest = Number.POSITIVE_INFINITY;
  for (const value of values) lowest = Math.min(lowest, value);
  return lowest;
}
