import type { ShardReport } from "./agent.ts";
import { maxOf } from "./extremes.ts";
import { HistogramSum } from "./latency-histogram.ts";
import { addTallies, mergeFailures } from "./tally.ts";

/** One report over all agents: counts and buckets are added, extremes kept. Events and warnings are joined. */
export function mergeReports(reports: readonly ShardReport[]): ShardReport {
  const first = reports[0];
  if (first === undefined) throw new Error("a trial has at least one shard");
  const histograms = new HistogramSum();
  for (const report of reports) histograms.add(report.histograms);
  return {
    agent: reports.map(({ agent }) => agent).join(","),
    engine: [...new Set(reports.map(({ engine }) => engine))].join(","),
    engineReason: [...new Set(reports.map(({ engineReason }) => engineReason))].join("; "),
    tally: addTallies(reports.map(({ tally }) => tally)),
    warmUp: addTallies(reports.map(({ warmUp }) => warmUp)),
    failures: mergeFailures(reports.flatMap(({ failures }) => failures)),
    histograms: histograms.toRecords(),
    cpuUs: ofAll(
      reports.map(({ cpuUs }) => cpuUs),
      addUp,
    ),
    cpuShareMax: ofAll(
      reports.map(({ cpuShareMax }) => cpuShareMax),
      (shares) => maxOf(shares),
    ),
    elapsedMs: maxOf(reports.map(({ elapsedMs }) => elapsedMs)),
    ...mergeThroughput(reports),
    events: reports.flatMap(({ events }) => events),
    warnings: reports.flatMap(({ warnings }) => warnings),
  };
}

/** The throughput of all together; none where that of one is not known. */
function mergeThroughput(reports: readonly ShardReport[]): Pick<ShardReport, "throughput"> {
  const known = reports.map(({ throughput }) => throughput).filter((each) => each !== undefined);
  if (known.length < reports.length) return {};
  return {
    throughput: {
      connectionsPerS: known.reduce((sum, each) => sum + each.connectionsPerS, 0),
      requestsPerS: known.reduce((sum, each) => sum + each.requestsPerS, 0),
    },
  };
}

/** One number of all; null where that of one is not known. */
function ofAll(
  values: readonly (number | null)[],
  reduce: (values: readonly number[]) => number,
): number | null {
  const known = values.filter((value) => value !== null);
  return known.length < values.length ? null : reduce(known);
}

function addUp(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
