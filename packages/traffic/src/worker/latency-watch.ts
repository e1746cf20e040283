import {
  HISTOGRAM_BUCKETS,
  type HistogramRecord,
  type LatencyMetric,
  SAMPLED_LATENCIES,
} from "@churnlab/core";
import type { WorkerCounters } from "../worker-counters.ts";

/** What is needed of a worker's counters. */
export type LatencySource = Pick<WorkerCounters, "latencyCounts">;

interface Watched {
  readonly metric: LatencyMetric;
  readonly workers: readonly Uint32Array[];
  /** What all workers together had counted at the last look. */
  readonly seen: Uint32Array;
}

/**
 * Looks from outside at histograms that workers write in shared memory: a worker does nothing for it. A look reads
 * `HISTOGRAM_BUCKETS` counters of each worker and metric, some tens of microseconds each.
 */
export class LatencyWatch {
  readonly #watched: readonly Watched[];

  constructor(workers: readonly LatencySource[]) {
    this.#watched = SAMPLED_LATENCIES.map((metric) => ({
      metric,
      workers: workers.map((counters) => counters.latencyCounts(metric)),
      seen: new Uint32Array(HISTOGRAM_BUCKETS),
    }));
  }

  /** What was recorded since the last look, merged over workers; metrics without any are left out. */
  take(): HistogramRecord[] {
    return this.#watched.map(takeChanges).filter(({ counts }) => counts.length > 0);
  }
}

function takeChanges({ metric, workers, seen }: Watched): HistogramRecord {
  const indexes: number[] = [];
  const counts: number[] = [];
  for (let bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++) {
    let total = 0;
    for (const counted of workers) total += counted[bucket] as number;
    const fresh = total - (seen[bucket] as number);
    if (fresh === 0) continue;
    seen[bucket] = total;
    indexes.push(bucket);
    counts.push(fresh);
  }
  return { metric, indexes: Uint32Array.from(indexes), counts: Uint32Array.from(counts) };
}
