import { findHistoryAlerts, type HistoryFindings, medianOrNull } from "@churnlab/core";
import type { HistoryFilter, HistoryRun, StoreReader } from "@churnlab/store";

/** One metric over the runs of a scenario, and where its level changed for good. */
export interface MetricHistory extends HistoryFilter, HistoryFindings {
  readonly runs: readonly HistoryEntry[];
}

export interface HistoryEntry extends HistoryRun {
  /** Median of the run's completed trials; null where none measured it. */
  readonly value: number | null;
  /** From 1. Runs of one number are judged together: the same machine, kernel, engine and scenario. */
  readonly series: number;
}

/** Alerts are to be looked at, not to fail anything: see `findHistoryAlerts`. */
export function buildHistory(store: StoreReader, filter: HistoryFilter): MetricHistory {
  const known = new Map<string, number>();
  const runs = store.loadHistory(filter).map((run): HistoryEntry => {
    const key = `${run.fingerprint ?? ""} ${run.scenarioHash}`;
    const series = known.get(key) ?? known.size + 1;
    known.set(key, series);
    return { ...run, value: medianOrNull(run.values), series };
  });
  const points = runs.map(({ runId, commit, series, value }) => {
    return { runId, commit, fingerprint: `${series}`, value };
  });
  return { ...filter, runs, ...findHistoryAlerts(points, { metric: filter.metric }) };
}
