import { findDefect, finiteValue, noValue, type Statistic } from "./statistic.ts";

/**
 * φ = χ²/(n−1) of counts against a common rate: about 1 for events that strike independently (Poisson), above it when
 * they come in bursts. From 1.5 on, a test that assumes Poisson counts raises false alarms. `exposures` are what each
 * count is out of (connections attempted); without them the counts share one mean. (McCullagh and Nelder 1989, §4.5.)
 */
export function overdispersion(
  counts: readonly number[],
  exposures: readonly number[] = counts.map(() => 1),
): Statistic {
  if (counts.length !== exposures.length) throw new RangeError("each count has its exposure");
  const defect = findDefect(counts) ?? findDefect(exposures);
  if (defect !== null) return noValue(defect);
  if (counts.some((count) => count < 0)) return noValue("not-a-count");
  if (exposures.some((exposure) => exposure <= 0)) return noValue("zero-total");
  if (counts.length < 2) return noValue("too-few");
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return noValue("zero-total");
  const rate = total / exposures.reduce((sum, exposure) => sum + exposure, 0);
  let chiSquare = 0;
  counts.forEach((count, i) => {
    const expected = (exposures[i] as number) * rate;
    chiSquare += ((count - expected) * (count - expected)) / expected;
  });
  return finiteValue(chiSquare / (counts.length - 1));
}
