import type { PairedComparison } from "./comparison.ts";
import { ZERO_BASELINE_MARGINS } from "./metric-margins.ts";

/** A difference turned so that positive is worse, with the margin it is held against on the same scale. */
export interface OrientedEffect {
  readonly center: number;
  readonly low: number;
  readonly high: number;
  readonly margin: number;
}

/**
 * Turns a comparison towards "worse" and holds it against a relative margin, or against the absolute one of its class
 * where the baseline is zero. null when it has no interval, or when neither direction of the metric is worse.
 */
export function orientEffect(comparison: PairedComparison, margin: number): OrientedEffect | null {
  const { interval, better, effect, low, high } = comparison;
  if (interval === null || better === "neither") return null;
  if (effect === null || low === null || high === null) {
    const absolute = { center: comparison.center, low: interval.low, high: interval.high };
    return turn({ ...absolute, margin: ZERO_BASELINE_MARGINS[comparison.class] }, better);
  }
  return turn({ center: effect, low, high, margin }, better);
}

function turn(effect: OrientedEffect, better: "higher" | "lower"): OrientedEffect {
  if (better === "lower") return effect;
  return { center: -effect.center, low: -effect.high, high: -effect.low, margin: effect.margin };
}

/** Surely different, and by the margin: the interval excludes 0 and the estimate reaches the margin. */
export function isWorse({ center, low, margin }: OrientedEffect): boolean {
  return low > 0 && center >= margin;
}

/** The same in the other direction. */
export function isBetter({ center, high, margin }: OrientedEffect): boolean {
  return high < 0 && center <= -margin;
}

/** Surely no worse than the margin: a one-sided test at 5 %. */
export function isWithinMargin({ high, margin }: OrientedEffect): boolean {
  return high < margin;
}
