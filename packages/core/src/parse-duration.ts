/** A number directly followed by a unit, repeated: `8s`, `500ms`, `1m30s`. */
export const DURATION_PATTERN: RegExp = /^(?:\d+(?:\.\d+)?(?:us|ms|s|m|h))+$/;

const MS_PER_UNIT = { us: 0.001, ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;

/** Milliseconds of a duration with units; null when it is none (a bare number has no meaning here). */
export function parseDurationMs(text: string): number | null {
  if (!DURATION_PATTERN.test(text)) return null;
  let ms = 0;
  for (const [, number, unit] of text.matchAll(/(\d+(?:\.\d+)?)(us|ms|s|m|h)/g)) {
    ms += Number(number) * MS_PER_UNIT[unit as keyof typeof MS_PER_UNIT];
  }
  return ms;
}

/** A duration as `parseDurationMs` reads it back, in the largest units that divide it: `1m30s`, `8s`, `1.5ms`. */
export function formatDurationMs(ms: number): string {
  if (ms === 0) return "0s";
  if (ms < 1) return `${ms * 1000}us`;
  if (ms < 1000 || !Number.isInteger(ms)) return `${ms}ms`;
  const hours = Math.floor(ms / MS_PER_UNIT.h);
  const minutes = Math.floor((ms % MS_PER_UNIT.h) / MS_PER_UNIT.m);
  const seconds = (ms % MS_PER_UNIT.m) / 1000;
  if (hours + minutes > 0 && !Number.isInteger(seconds)) return `${ms}ms`;
  return [hours && `${hours}h`, minutes && `${minutes}m`, seconds && `${seconds}s`]
    .filter(Boolean)
    .join("");
}
