import { wrapText } from "@churnlab/core";
import type { StoredRun } from "@churnlab/store";
import { formatCount, formatValue } from "../format-value.ts";
import { isLimitedByGenerator } from "../is-limited-by-generator.ts";
import { readMetric, readVariants } from "../variant-readings.ts";
import { proseColumns, type Style } from "./style.ts";

/** What the harness itself cost, at its worst over the completed trials, and whether it was the limit. */
export function formatHarness(run: StoredRun, style: Style): string[] {
  const worst = (metric: string): number | null => {
    const values = readVariants(run).flatMap(
      (variant) => readMetric(variant, { role: "client", metric }).values,
    );
    return values.length === 0 ? null : Math.max(...values);
  };
  const cpu = worst("cpu.share_max");
  if (cpu === null) return [];
  const limiting = run.trialList.filter(isLimitedByGenerator).length;
  const parts = [
    `busiest generator thread ${formatValue(cpu, "share")} of a processor`,
    `arrivals dropped ${formatValue(worst("connections.dropped"), "")}`,
    `samples missed ${formatValue(worst("sampler.missed"), "")}`,
    `sampling ${formatValue(worst("sampler.cpu_share"), "share")}`,
  ];
  const end =
    limiting === 0
      ? `${style.good("✓")} the load generator showed no sign of being the limit`
      : `${style.doubt("!")} the load generator was late, busy, out of descriptors or short of its offer in ${limiting} of ${formatCount(run.trialList.length, "trial")}`;
  return wrapText(`${parts.join(" · ")} — ${end}`, "harness: ", proseColumns(style));
}
