import { formatNumber } from "../format-value.ts";

/** A moment of a trial, in seconds from the start of its measure phase: `5.12 s`, `2.5 s`, `−0.42 s`. */
export function formatMoment(tMs: number): string {
  const seconds = tMs / 1000;
  const decimals = Math.abs(seconds) >= 100 ? 0 : Math.abs(seconds) >= 10 ? 1 : 2;
  const [whole = "", fraction = ""] = Math.abs(seconds).toFixed(decimals).split(".");
  const rest = fraction.replace(/0+$/, "");
  const text = `${formatNumber(Number(whole))}${rest === "" ? "" : `.${rest}`}`;
  return `${seconds < 0 && text !== "0" ? "−" : ""}${text} s`;
}
