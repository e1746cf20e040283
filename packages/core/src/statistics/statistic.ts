/** Why a statistic has no value. */
export const NO_VALUE_REASONS = {
  empty: "there is no observation",
  "not-finite": "an observation is not a finite number, or the result leaves the range of one",
  "too-few": "there are too few observations for this confidence",
  "zero-total": "every count is zero",
  "not-a-count": "an observation is not a whole number of events",
  "no-spread": "all observations stand at the same place",
} as const;

export type NoValueReason = keyof typeof NO_VALUE_REASONS;

/** A computed value, or the reason why there is none. A defined number is always finite: NaN never leaves a function. */
export type Statistic<Value = number> =
  | { readonly defined: true; readonly value: Value }
  | { readonly defined: false; readonly reason: NoValueReason };

/** What a statistic gives where its data bear none. */
export function noValue(reason: NoValueReason): Statistic<never> {
  return { defined: false, reason };
}

/** A defined statistic, unless the arithmetic overflowed. */
export function finiteValue(value: number): Statistic {
  return Number.isFinite(value) ? { defined: true, value } : noValue("not-finite");
}

/** What keeps `observations` from being computed with; null when they are at least one and all finite. */
export function findDefect(observations: readonly number[]): NoValueReason | null {
  if (observations.length === 0) return "empty";
  for (const observation of observations) {
    if (!Number.isFinite(observation)) return "not-finite";
  }
  return null;
}

/** The value of a statistic that cannot be missing, because its arguments were checked before. */
export function expectValue<Value>(statistic: Statistic<Value>): Value {
  if (statistic.defined) return statistic.value;
  throw new Error(`a checked statistic has no value: ${NO_VALUE_REASONS[statistic.reason]}`);
}
