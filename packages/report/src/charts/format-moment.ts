import { formatNumber } from "../format-value.ts";

/** A moment of a trial, in seconds from the start of its measure phase: `5.12 s`, `−2 s`. */
export function formatMoment(tMs: number): string {
  return `${formatNumber(Math.round(tMs) / 1000)} s`;
}
