import { findHistoryAlerts, type HistoryAlert, median } from "@churnlab/core";
import type { HistoryFilter, HistoryRun, StoreReader } from "@churnlab/store";

/** One metric over the runs of a scenario, and where its level changed for good. */
export interface MetricHistory extends HistoryFilter {
  readonly runs: readonly HistoryEntry[];
  readonly alerts: readonly HistoryAlert[];
}

export interface HistoryEntry extends HistoryRun {
  /** Median of the run's completed trials; null where none measured it. */
  readonly value: number | null;
}

/** Alerts are to be looked at, not to fail anything: see `findHistoryAlerts`. */
export function buildHistory(store: StoreReader, filter: HistoryFilter): MetricHistory {
  const runs = store.loadHistory(filter).map((run): HistoryEntry => {
    const center = median(run.values);
    return { ...run, value: center.defined ? center.value : null };
  });
  const points = runs.map(({ runId, commit, fingerprint, value }) => {
    return { runId, commit, fingerprint: fingerprint ?? "", value };
  });
  return { ...filter, runs, alerts: findHistoryAlerts(points, { metric: filter.metric }) };
}
