import { h, type JSX } from "preact";
import { formatValue } from "../../format-value.ts";
import { keepTogether } from "../keep-together.ts";

/** A number as people read it, with the number itself for those who read the page by program. */
export function Value({
  value,
  unit = "",
}: {
  readonly value: number | null;
  readonly unit?: string;
}): JSX.Element {
  if (value === null) return h("span", { class: "none" }, formatValue(null, unit));
  return h("data", { value: String(value) }, keepTogether(formatValue(value, unit)));
}
