/** The place where a series differs most before and after, by the energy distance. */
export interface Split {
  /** Index of the first value after the split. */
  readonly index: number;
  /** The scaled energy distance Q̂ between the two sides; larger is more different. */
  readonly distance: number;
}

/** Fewer values than this on one side say nothing of its spread. */
const SIDE_MIN = 2;

/** |xᵢ − xⱼ| for all pairs, row by row, of a series scaled to [-1, 1] so that sums cannot overflow. */
export function pairwiseDistances(series: readonly number[]): Float64Array {
  const n = series.length;
  const scale = series.reduce((max, value) => Math.max(max, Math.abs(value)), 0) || 1;
  const scaled = series.map((value) => value / scale);
  const distances = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      distances[i * n + j] = Math.abs((scaled[i] as number) - (scaled[j] as number));
    }
  }
  return distances;
}

/**
 * The split with the largest Q̂ of the series in the given order (Matteson and James 2014, eqs. 5 to 7, α = 1):
 *
 *   Q̂ = mn/(m+n) · ( 2/(mn) Σ|x−y| − 2/(n(n−1)) Σ|x−x′| − 2/(m(m−1)) Σ|y−y′| )
 *
 * over all prefixes x and all stretches y that follow them; y need not reach the end, so a change that is taken back
 * later is found too. Costs n². null when the series is too short to split.
 */
export function findBestSplit(distances: Float64Array, order: ArrayLike<number>): Split | null {
  const n = order.length;
  const size = Math.sqrt(distances.length);
  // within[i]: distances inside the first i values; row[i]: from value i to all those after it and before `end`.
  const within = new Float64Array(n + 1);
  const row = new Float64Array(n);
  let best: Split | null = null;
  for (let end = 1; end <= n; end++) {
    const added = (order[end - 1] as number) * size;
    let toEarlier = 0;
    for (let i = 0; i < end - 1; i++) {
      const distance = distances[added + (order[i] as number)] as number;
      row[i] = (row[i] as number) + distance;
      toEarlier += distance;
    }
    within[end] = (within[end - 1] as number) + toEarlier;
    let inside = row[end - 1] as number;
    for (let index = end - 2; index >= SIDE_MIN; index--) {
      inside += row[index] as number;
      const sums = { all: within[end] as number, x: within[index] as number, y: inside };
      const distance = scaleDistance(sums, index, end - index);
      if (best === null || distance > best.distance) best = { index, distance };
    }
  }
  return best;
}

/** Q̂ of the split at `index` of the whole series, in its own order. */
export function measureSplit(distances: Float64Array, index: number): number {
  const n = Math.sqrt(distances.length);
  const sums = { all: 0, x: 0, y: 0 };
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      const distance = distances[i * n + j] as number;
      sums.all += distance;
      if (i < index) sums.x += distance;
      else if (j >= index) sums.y += distance;
    }
  }
  return scaleDistance(sums, index, n - index);
}

/** `all`, `x`, `y`: the sums of the distances of all pairs, of those within the first n and within the m that follow. */
function scaleDistance(
  { all, x, y }: { readonly all: number; readonly x: number; readonly y: number },
  n: number,
  m: number,
): number {
  const between = (2 * (all - x - y)) / (m * n);
  const withinX = n < 2 ? 0 : (2 * x) / (n * (n - 1));
  const withinY = m < 2 ? 0 : (2 * y) / (m * (m - 1));
  return ((m * n) / (m + n)) * (between - withinX - withinY);
}
