import type { Role } from "@churnlab/core";

/** A colour by what it means; the page says what it looks like in light, dark and print. */
export const COLOUR_TOKENS = [
  "series-0",
  "series-1",
  "series-2",
  "series-3",
  "good",
  "bad",
  "muted",
] as const;
export type ColourToken = (typeof COLOUR_TOKENS)[number];

/** A value; `null`: a hole, nothing is drawn there; `undefined`: this line has no point at this time. */
export type ChartValue = number | null | undefined;

export interface ChartLine {
  readonly label: string;
  readonly colour: ColourToken;
  /** `area`: stacked on the areas before it. */
  readonly shape: "area" | "line" | "step" | "points";
  readonly dashed: boolean;
  /** One per time of the chart. Of an area: its own height, not the top of the stack. */
  readonly values: readonly ChartValue[];
  /** Extremes of the bins, where there are bins. */
  readonly low: readonly ChartValue[] | null;
  readonly high: readonly ChartValue[] | null;
}

/** One picture over the time of one trial, independent of who draws it. */
export interface TimeChart {
  /** Whose picture it is; null: of all. Only this role's events are marked in it. */
  readonly role: Role | null;
  /** What the numbers are: `sockets`, `/s`, `us`. */
  readonly unit: string;
  /** Since the start of the measure phase; ascends. */
  readonly tMs: readonly number[];
  readonly lines: readonly ChartLine[];
  /** Horizontal lines: a ceiling with its name. */
  readonly bounds: readonly { readonly value: number; readonly label: string }[];
  /** The picture in a sentence or two, for those who cannot see it. */
  readonly summary: string;
}
