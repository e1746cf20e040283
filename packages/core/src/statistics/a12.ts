import { findDefect, noValue, type Statistic } from "./statistic.ts";

/**
 * The chance that an observation of `first` is larger than one of `second`, ties counted half (Vargha and Delaney 2000):
 * 0.5 when neither tends to be larger. An effect size that needs no unit; shown, not judged.
 */
export function a12(first: readonly number[], second: readonly number[]): Statistic {
  const defect = findDefect(first) ?? findDefect(second);
  if (defect !== null) return noValue(defect);
  const others = new Float64Array(second).toSorted();
  let halves = 0;
  let below = 0;
  let atMost = 0;
  for (const value of new Float64Array(first).toSorted()) {
    while (below < others.length && (others[below] as number) < value) below++;
    while (atMost < others.length && (others[atMost] as number) <= value) atMost++;
    halves += below + atMost;
  }
  return { defined: true, value: halves / (2 * first.length * second.length) };
}
