import { median } from "./quantile.ts";
import { findDefect, noValue, type Statistic } from "./statistic.ts";

/**
 * The median of the slopes between every two points (Theil 1950, Sen 1968): a trend that up to 29 % wild points do not
 * move. Pairs at the same x have no slope and are left out. Costs n².
 */
export function theilSenSlope(points: readonly (readonly [x: number, y: number])[]): Statistic {
  const defect = findDefect(points.flat());
  if (defect !== null) return noValue(defect);
  if (points.length < 2) return noValue("too-few");
  const slopes: number[] = [];
  points.forEach(([x, y], i) => {
    for (const [laterX, laterY] of points.slice(i + 1)) {
      if (laterX !== x) slopes.push((laterY - y) / (laterX - x));
    }
  });
  return slopes.length === 0 ? noValue("no-spread") : median(slopes);
}
