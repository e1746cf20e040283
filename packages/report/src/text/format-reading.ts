import { maxOf, median, minOf } from "@churnlab/core";
import { chooseScale, formatNumber, formatValue } from "../format-value.ts";
import { unitOf } from "../unit-of.ts";
import type { MetricReading } from "../variant-readings.ts";

/** Up to this many replicates are shown one by one unless all are asked for; more as their range. */
const REPLICATES_SHOWN = 5;

export interface ReadingOptions {
  /** Show every replicate, however many there are. */
  readonly all?: boolean;
  /** Show no replicate, only their range: `301 µs (298…344)`. */
  readonly brief?: boolean;
}

/**
 * The median and what it is the median of: `2 048 ×3` where all replicates agree, `301 µs (298 · 301 · 312)`, and
 * `301 µs (298 … 344)` where there are many. All are in the unit of the median.
 */
export function formatReading(
  metric: string,
  { values, never }: MetricReading,
  { all = false, brief = false }: ReadingOptions = {},
): string {
  const center = median(values);
  if (!center.defined) return never ? "never" : formatValue(null, "");
  const unit = unitOf(metric);
  const { factor, suffix } = chooseScale(center.value, unit);
  const scaled = values.map((value) => value * factor);
  const shown = scaled.map(formatNumber);
  const head = formatNumber(center.value * factor) + suffix;
  const rest = never ? ", else never" : "";
  if (shown.every((text) => text === shown[0])) {
    return values.length === 1 && !never ? head : `${head} ×${values.length}${rest}`;
  }
  if (brief) return `${head} (${formatRange(scaled, "…")}${rest})`;
  const isShort = all || values.length <= REPLICATES_SHOWN;
  return `${head} (${isShort ? shown.join(" · ") : formatRange(scaled, " … ")}${rest})`;
}

function formatRange(values: readonly number[], between: string): string {
  return formatNumber(minOf(values)) + between + formatNumber(maxOf(values));
}
