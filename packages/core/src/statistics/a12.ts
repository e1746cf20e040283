import { findDefect, noValue, type Statistic } from "./statistic.ts";

/**
 * The chance that an observation of `first` is larger than one of `second`, ties counted half (Vargha and Delaney 2000):
 * 0.5 when neither tends to be larger. An effect size that needs no unit; shown, not judged.
 */
export function a12(first: readonly number[], second: readonly number[]): Statistic {
  const defect = findDefect(first) ?? findDefect(second);
  if (defect !== null) return noValue(defect);
  let halves = 0;
  for (const a of first) for (const b of second) halves += a > b ? 2 : a === b ? 1 : 0;
  return { defined: true, value: halves / (2 * first.length * second.length) };
}
