import { formatCount, formatNumber } from "../format-number.ts";
import type { BudgetComparison } from "./comparison.ts";

type Counted = Pick<BudgetComparison, "events" | "exposure" | "highest">;

/** `no event in 6 000 connections, at most 5 in 10 000 (95 %)` */
export function describeEvents({ events, exposure, highest }: Counted): string {
  const seen = events === 0 ? "no event" : formatCount(events, "event");
  return `${seen} in ${formatNumber(exposure)} connections, at most ${describeShare(highest)} (95 %)`;
}

/** A small share as people count it: `1 in 100 000`, `3.3 in 1 000`. */
export function describeShare(share: number): string {
  if (share <= 0) return "0";
  const rounded = Number(share.toPrecision(2));
  const digits = Math.max(0, Math.ceil(-Math.log10(rounded)));
  return `${Number((rounded * 10 ** digits).toPrecision(2))} in ${formatNumber(10 ** digits)}`;
}
