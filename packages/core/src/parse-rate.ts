/** A number per second, minute or hour: `400/s`, `24000/m`. */
export const RATE_PATTERN: RegExp = /^\d+(?:\.\d+)?\/(?:s|m|h)$/;

const SECONDS_PER_UNIT = { s: 1, m: 60, h: 3600 } as const;

/** Events per second of a rate with its unit; null when it is none. */
export function parseRatePerS(text: string): number | null {
  if (!RATE_PATTERN.test(text)) return null;
  const [number, unit] = text.split("/");
  return Number(number) / SECONDS_PER_UNIT[unit as keyof typeof SECONDS_PER_UNIT];
}
