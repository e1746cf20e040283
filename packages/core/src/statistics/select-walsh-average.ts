/**
 * The `rank`-th smallest (from 1) of the n(n+1)/2 averages of every two values, each also with itself (Walsh 1949), of
 * ascending finite numbers. It narrows the range between the least and the greatest of them by counting, so the list,
 * which is long for many blocks, is never made.
 */
export function selectWalshAverage(sorted: Float64Array, rank: number): number {
  let low = sorted[0] as number;
  let high = sorted.at(-1) as number;
  while (low < high) {
    const middle = average(low, high);
    // Between neighbouring numbers the middle is rounded to one of them.
    const split = splitWalshAverages(sorted, middle < high ? middle : low);
    if (split.count >= rank) high = split.below;
    else low = split.above;
  }
  return high;
}

/** The one after the `rank`-th smallest, which is `found`. */
export function selectNextWalshAverage(sorted: Float64Array, rank: number, found: number): number {
  const { count, above } = splitWalshAverages(sorted, found);
  return count > rank ? found : above;
}

/** Halves are added, as the sum of two large numbers may overflow. */
function average(a: number, b: number): number {
  return a === b ? a : a / 2 + b / 2;
}

interface WalshSplit {
  /** How many averages are at most the value, the greatest of them, and the least of the others. */
  readonly count: number;
  readonly below: number;
  readonly above: number;
}

/** The larger the one value of a pair, the smaller the other must be: one pass from both ends counts all pairs. */
function splitWalshAverages(sorted: Float64Array, value: number): WalshSplit {
  let count = 0;
  let below = Number.NEGATIVE_INFINITY;
  let above = Number.POSITIVE_INFINITY;
  let j = sorted.length - 1;
  for (let i = 0; i <= j; i++) {
    const smaller = sorted[i] as number;
    let found = average(smaller, sorted[j] as number);
    while (found > value) {
      above = Math.min(above, found);
      if (--j < i) return { count, below, above };
      found = average(smaller, sorted[j] as number);
    }
    below = Math.max(below, found);
    count += j - i + 1;
  }
  return { count, below, above };
}
