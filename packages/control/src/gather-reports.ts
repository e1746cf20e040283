import {
  type ArmedShard,
  ChurnError,
  EMPTY_SHARD_REPORT,
  type HistogramRecord,
  HistogramSum,
  mergeReports,
  type ShardReport,
} from "@churnlab/core";

/** What came of the shards of a trial. */
export interface Gathered {
  /** Also of shards that lost a worker: what they had counted until then. Without their histograms. */
  readonly reports: readonly ShardReport[];
  /** Of all of them. */
  readonly histograms: readonly HistogramRecord[];
  /** One `E_AGENT` for every shard that did not report, or lost a worker. */
  readonly losses: readonly ChurnError[];
  /** The first error that is no loss of an agent, which the caller has to throw; undefined: none. */
  readonly failure: unknown;
}

export interface Gathering {
  /** Resolves once no shard runs any more. */
  readonly ended: Promise<Gathered>;
  /** Aborted when the load was stopped because an agent was lost. */
  readonly stopped: AbortSignal;
}

/**
 * Starts every shard and waits for all of them. When one is lost, its share is given to nobody: the others are stopped, and
 * what they did until then is kept; in a soak they go on.
 */
export function gatherReports(
  shards: readonly ArmedShard[],
  startAtMs: number,
  { soak = false }: { readonly soak?: boolean },
): Gathering {
  const stopped = new AbortController();
  const stopAll = (): void => {
    // Once: each of a thousand shards that end without a report would stop a thousand.
    if (stopped.signal.aborted) return;
    stopped.abort();
    for (const each of shards) each.stop();
  };
  const histograms = new HistogramSum();
  const running = shards.map(async (shard) => {
    try {
      const report = await shard.run(startAtMs);
      if (!soak && report.lost !== undefined) stopAll();
      histograms.add(report.histograms);
      return { ...report, histograms: [] };
    } catch (error) {
      if (!soak || !isLoss(error)) stopAll();
      throw error;
    }
  });
  return { ended: settleAll(running, histograms), stopped: stopped.signal };
}

async function settleAll(
  running: readonly Promise<ShardReport>[],
  histograms: HistogramSum,
): Promise<Gathered> {
  const settled = await Promise.allSettled(running);
  const reports = settled.flatMap((s) => (s.status === "fulfilled" ? [s.value] : []));
  const errors: unknown[] = settled.flatMap((s) => (s.status === "rejected" ? [s.reason] : []));
  return {
    reports,
    histograms: histograms.toRecords(),
    losses: [...errors.filter(isLoss), ...reports.flatMap(lossOf)],
    failure: errors.find((error) => !isLoss(error)),
  };
}

function isLoss(error: unknown): error is ChurnError {
  return error instanceof ChurnError && error.code === "E_AGENT";
}

function lossOf({ lost }: ShardReport): ChurnError[] {
  return lost === undefined ? [] : [new ChurnError("E_AGENT", lost)];
}

/** One report over those that came; one of nothing when none did. */
export function mergeWhatCame({
  reports,
  histograms,
}: Pick<Gathered, "reports" | "histograms">): ShardReport {
  return reports.length === 0 ? EMPTY_SHARD_REPORT : { ...mergeReports(reports), histograms };
}

export const NOTHING_CAME: Pick<Gathered, "reports" | "histograms" | "losses"> = {
  reports: [],
  histograms: [],
  losses: [],
};
