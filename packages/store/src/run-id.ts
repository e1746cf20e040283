import { randomInt } from "node:crypto";

/** Crockford's base 32: no I, L, O, U. */
const DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const TIME_DIGITS = 10;
const TIME_DIGITS_KEPT = 8;
const RANDOM_DIGITS = 2;

/**
 * A short id that sorts by time: the first eight digits of a ULID's time (steps of 1.024 s), then two random ones.
 * Two runs may still draw the same id; the caller draws again.
 */
export function makeRunId(unixMs: number): string {
  let time = "";
  let rest = Math.floor(unixMs);
  for (let digit = 0; digit < TIME_DIGITS; digit++) {
    time = DIGITS[rest % 32] + time;
    rest = Math.floor(rest / 32);
  }
  let id = time.slice(0, TIME_DIGITS_KEPT);
  for (let digit = 0; digit < RANDOM_DIGITS; digit++) id += DIGITS[randomInt(32)];
  return id;
}

/** What a person typed, as an id is written: upper case, and the letters Crockford reads as digits. */
export function normaliseRunId(typed: string): string {
  return typed.toUpperCase().replaceAll(/[IL]/g, "1").replaceAll("O", "0");
}
