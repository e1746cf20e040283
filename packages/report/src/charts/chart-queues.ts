import { maxOf, nameMetric, type Role } from "@churnlab/core";
import { formatNumber } from "../format-value.ts";
import { type AlignedColumn, alignSeries } from "./align-series.ts";
import { makeLine } from "./chart-lines.ts";
import { findPeak } from "./find-extremes.ts";
import type { TimeChart } from "./time-chart.ts";
import type { TrialSeries } from "./trial-series.ts";

const LISTENERS: readonly Role[] = ["target", "upstream"];
const LIMIT = "accept_queue.limit";
const QUEUES = [
  { metric: "accept_queue", label: "accept queue" },
  { metric: "syn_recv", label: "SYN_RECV" },
] as const;

/** What is drawn of every listener. */
export const QUEUE_KEYS: readonly string[] = [...QUEUES.map(({ metric }) => metric), LIMIT];

/** The queues of those who listen, under the limit of the accept queue. */
export function chartQueues(trial: TrialSeries): TimeChart | null {
  const sampled = LISTENERS.flatMap((role) =>
    QUEUES.flatMap(({ metric, label }) => {
      const columns = trial.series.get(nameMetric({ role, metric }));
      return columns === undefined ? [] : [{ label: `${label} of the ${role}`, columns }];
    }),
  );
  if (sampled.length === 0) return null;
  const { tMs, columns } = alignSeries(sampled.map((one) => one.columns));
  const lines = sampled.map(({ label }, i) => {
    return makeLine({ label, shape: "step" }, columns[i] as AlignedColumn, i);
  });
  const peaks = lines.map((line) => findPeak(line, tMs)?.value ?? 0);
  const deepest = lines.map(({ label }, i) => `${label} at most ${formatNumber(peaks[i] ?? 0)}`);
  const limits = readLimits(trial);
  return {
    role: null,
    unit: "connections",
    tMs,
    lines,
    // A limit far above would press the queues flat on the axis; the sentence has it.
    bounds: limits.filter(({ value }) => maxOf(peaks) >= LIMIT_SHOWN_FROM * value),
    summary: `Deepest: ${[...deepest, ...limits.map(({ label }) => label)].join(", ")}.`,
  };
}

/** Share of the limit from which on it is drawn. */
const LIMIT_SHOWN_FROM = 0.05;

/** accept() is behind by one more than the limit before a connection is dropped (`sk_acceptq_is_full`). */
function readLimits(trial: TrialSeries): TimeChart["bounds"] {
  return LISTENERS.flatMap((role) => {
    const limit = trial.series.get(nameMetric({ role, metric: LIMIT }));
    const value = limit?.mean[limit.mean.length - 1];
    if (value === undefined) return [];
    return [{ value, label: `limit of the ${role}: ${formatNumber(value)}` }];
  });
}
