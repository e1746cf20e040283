import { parseDurationMs } from "@churnlab/core/parse-duration";
import { InvalidArgumentError } from "commander";

/** A parser of whole numbers within bounds. Digits alone are one: `1e3`, `0x10` and an empty text are not. */
export function parseWhole(
  min: number,
  max: number = Number.MAX_SAFE_INTEGER,
): (text: string) => number {
  return (text) => {
    const whole = Number(text);
    if (/^\d+$/.test(text) && whole >= min && whole <= max) return whole;
    const bounds = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
    throw new InvalidArgumentError(`It must be a whole number ${bounds}.`);
  };
}

export const parseCount: (text: string) => number = parseWhole(1);

/** `90s`, `5m`: milliseconds. */
export function parseDuration(text: string): number {
  const ms = parseDurationMs(text);
  if (ms !== null) return ms;
  throw new InvalidArgumentError("It must be a duration such as 90s or 5m.");
}

/** `a, b` */
export function parseNames(text: string): string[] {
  return text.split(",").map((name) => name.trim());
}

/** The values of an option that may be said more than once. */
export function collect(value: string, values: readonly string[] = []): string[] {
  return [...values, value];
}
