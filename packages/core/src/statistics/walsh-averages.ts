import { quantileOfSorted } from "./quantile.ts";
import { findDefect, finiteValue, noValue, type Statistic } from "./statistic.ts";

/** The n(n+1)/2 averages of every two differences, each also with itself, ascending (Walsh 1949). */
export function walshAverages(differences: readonly number[]): Float64Array {
  const n = differences.length;
  const averages = new Float64Array((n * (n + 1)) / 2);
  let next = 0;
  for (let i = 0; i < n; i++) {
    const a = differences[i] as number;
    for (let j = i; j < n; j++) {
      const b = differences[j] as number;
      // Halves are added, as the sum of two large numbers may overflow.
      averages[next++] = a === b ? a : a / 2 + b / 2;
    }
  }
  return averages.toSorted();
}

/**
 * The pseudo-median: the median of the Walsh averages (Hodges and Lehmann 1963). It estimates the shift of a symmetric
 * distribution almost as sharply as the mean and, unlike it, is not moved by one broken block.
 */
export function estimateHodgesLehmann(differences: readonly number[]): Statistic {
  const defect = findDefect(differences);
  if (defect !== null) return noValue(defect);
  return finiteValue(quantileOfSorted(walshAverages(differences), 0.5));
}
