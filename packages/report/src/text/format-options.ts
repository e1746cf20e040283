import type { RunPeaks } from "@churnlab/store";
import type { Style } from "./style.ts";

/** How much of a run is told, and how it looks. */
export interface FormatOptions {
  /** Every metric and every replicate; else what matters and is not zero throughout. */
  readonly all?: boolean;
  /** Who used which ports and what waited where; not shown if absent. */
  readonly peaks?: RunPeaks;
  readonly style?: Style;
}
