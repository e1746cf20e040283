import { selectNextWalshAverage, selectWalshAverage } from "./select-walsh-average.ts";
import { findDefect, finiteValue, noValue, type Statistic } from "./statistic.ts";

/**
 * The pseudo-median: the median of the averages of every two differences (Hodges and Lehmann 1963). It estimates the shift
 * of a symmetric distribution almost as sharply as the mean and, unlike it, is not moved by one broken block.
 */
export function estimateHodgesLehmann(differences: readonly number[]): Statistic {
  const defect = findDefect(differences);
  if (defect !== null) return noValue(defect);
  const sorted = new Float64Array(differences).toSorted();
  const count = (sorted.length * (sorted.length + 1)) / 2;
  const rank = Math.ceil(count / 2);
  const low = selectWalshAverage(sorted, rank);
  if (count % 2 === 1) return finiteValue(low);
  const high = selectNextWalshAverage(sorted, rank, low);
  return finiteValue(low === high ? low : low / 2 + high / 2);
}
