import { ROLES } from "@churnlab/core";
import { formatNumber } from "../format-value.ts";
import { type AlignedColumn, alignSeries } from "./align-series.ts";
import { makeLine } from "./chart-lines.ts";
import { findLast, findPeak } from "./find-extremes.ts";
import { formatMoment } from "./format-moment.ts";
import type { TimeChart } from "./time-chart.ts";
import type { TrialSeries } from "./trial-series.ts";

/** TIME_WAIT of every role: who holds it, and how it drains. */
export function chartTimeWait(trial: TrialSeries): TimeChart | null {
  const sampled = ROLES.flatMap((role) => {
    const columns = trial.series.get(`${role}.time_wait`);
    return columns === undefined ? [] : [{ role, columns }];
  });
  if (sampled.length === 0) return null;
  const { tMs, columns } = alignSeries(sampled.map((one) => one.columns));
  const lines = sampled.map(({ role }, i) => {
    return makeLine({ label: role, shape: "line" }, columns[i] as AlignedColumn, i);
  });
  const sentences = lines.map((line) => {
    const peak = findPeak(line, tMs);
    if (peak === null || peak.value === 0) return `The ${line.label} holds none.`;
    const end = findLast(line.values) ?? 0;
    return `The ${line.label} holds at most ${formatNumber(peak.value)}, at ${formatMoment(peak.tMs)}, and ${formatNumber(end)} at the end.`;
  });
  const summary = `TIME_WAIT sockets. ${sentences.join(" ")}`;
  return { role: null, unit: "sockets", tMs, lines, bounds: [], summary };
}
