import { formatNumber, formatValue } from "../format-value.ts";

/** How the numbers along an axis of this unit are written; nothing stands between two things that are counted. */
export function tickOf(unit: string): (value: number) => string {
  if (unit === "us") return (value) => formatValue(value, unit);
  return (value) => (Number.isInteger(value) ? formatNumber(value) : "");
}
