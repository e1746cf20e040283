/** A number of percent: `10%`. */
export const SHARE_PATTERN: RegExp = /^\d+(?:\.\d+)?%$/;

/** The share (1 = all) that a percentage says; null when it is none. */
export function parseShare(text: string): number | null {
  return SHARE_PATTERN.test(text) ? Number(text.slice(0, -1)) / 100 : null;
}
