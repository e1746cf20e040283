import { formatNumber, formatValue } from "../format-value.ts";

/** How the numbers along an axis of this unit are written. */
export function tickOf(unit: string): (value: number) => string {
  return unit === "us" ? (value) => formatValue(value, unit) : formatNumber;
}
