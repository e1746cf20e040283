import {
  countHistogram,
  deltaCounters,
  describeMetric,
  type FailureRecord,
  type HistogramRecord,
  LATENCY_QUANTILES,
  type Measurement,
  maxOf,
  median,
  quantileUs,
  type Role,
  type ShardReport,
  type Tally,
} from "@churnlab/core";
import type { Recorder } from "./recorder.ts";
import { reduceExhaustion } from "./reduce-exhaustion.ts";
import type { RoleReadings } from "./role-recorder.ts";
import type { TrialEvidence } from "./trial-evidence.ts";

/** Everything a trial is reduced to: one number per role and metric, computed once and stored. */
export function reduceMeasurements(evidence: TrialEvidence): Measurement[] {
  const { trial, recording, report } = evidence;
  // A load that ended before its time (a limit was reached) is a rate over the time it took.
  const loadMs = Math.max(1, Math.min(trial.spec.phases.measureMs, report.elapsedMs));
  const ofRoles = recording.readings().flatMap((readings) => reduceRole(readings, recording));
  return [
    ...client(reduceTally(report.tally)),
    ...client(reduceRates({ trial, report }, loadMs)),
    ...client(reduceFailures(report.failures)),
    ...client(report.histograms.flatMap(reduceHistogram)),
    ...client(reduceGenerator(report)),
    ...ofRoles,
    ...reduceExhaustion(evidence, ofRoles),
  ];
}

type Named = readonly [metric: string, value: number];

function client(values: readonly Named[]): Measurement[] {
  return values.map(([metric, value]) => ({ role: "client", metric, value }));
}

function reduceTally({ connections, requests }: Tally): Named[] {
  return [...nameCounts("connections", connections), ...nameCounts("requests", requests)];
}

/**
 * An open loop's arrivals are set, so what succeeded of those of the phase is its rate. A closed loop begins as many as end:
 * all that it has in flight when the phase ends would count beyond what the phase brought to an end.
 */
function reduceRates(
  { trial, report }: Pick<TrialEvidence, "trial" | "report">,
  loadMs: number,
): Named[] {
  const { connections, requests } = report.tally;
  const closed = trial.spec.workload.arrival.model === "closed";
  const seen = closed ? report.throughput : undefined;
  return [
    ["connections.rate", seen?.connectionsPerS ?? (connections.succeeded * 1000) / loadMs],
    ["requests.rate", seen?.requestsPerS ?? (requests.succeeded * 1000) / loadMs],
  ];
}

function nameCounts(ledger: string, counts: Readonly<Record<string, number>>): Named[] {
  return Object.entries(counts).map(([name, value]) => [`${ledger}.${name}`, value]);
}

function reduceFailures(failures: readonly FailureRecord[]): Named[] {
  const counts = new Map<string, number>();
  for (const { errno, count } of failures) counts.set(errno, (counts.get(errno) ?? 0) + count);
  return [...counts].map(([errno, count]) => [`failures.${errno}`, count]);
}

function reduceHistogram(record: HistogramRecord): Named[] {
  if (countHistogram(record) === 0) return [];
  return LATENCY_QUANTILES.map(({ name, share }) => [
    `latency.${record.metric}.${name}`,
    quantileUs(record, share) as number,
  ]);
}

function reduceGenerator({ cpuUs, cpuShareMax, tally }: ShardReport): Named[] {
  const values: Named[] = cpuShareMax === null ? [] : [["cpu.share_max", cpuShareMax]];
  if (cpuUs === null) return values;
  if (tally.connections.attempted > 0) {
    values.push(["cpu.us_per_connection", cpuUs / tally.connections.attempted]);
  }
  // Over what was answered: failures are cheap or dear, and would make the rest look cheap or vanish among it.
  if (tally.requests.succeeded > 0) {
    values.push(["cpu.us_per_request", cpuUs / tally.requests.succeeded]);
  }
  return values;
}

function reduceRole(readings: RoleReadings, recording: Recorder): Measurement[] {
  const { role } = readings.observer;
  const values: Named[] = [
    ...reduceTimeWait(role, recording),
    ...reducePorts(readings),
    ...reduceCounters(readings),
    ...reducePeak(role, recording, ["accept_queue", "accept_queue.peak"]),
    ...reducePeak(role, recording, ["syn_recv", "syn_recv.peak"]),
    ...reducePeak(role, recording, ["rst.sent_rate", "rst.sent_rate_peak"]),
    ...reducePeak(role, recording, ["rst.received_rate", "rst.received_rate_peak"]),
    ...reducePeak(role, recording, ["descriptors", "descriptors.peak"]),
    ...reducePeak(role, recording, ["descriptors.limit", "descriptors.limit"]),
    ...reducePeak(role, recording, ["conntrack", "conntrack.peak"]),
    ...reducePeak(role, recording, ["conntrack.max", "conntrack.max"]),
  ];
  return values.map(([metric, value]) => ({ role, metric, value }));
}

const WHOLE_TRIAL = { fromMs: Number.NEGATIVE_INFINITY, toMs: Number.POSITIVE_INFINITY };

function reduceTimeWait(role: Role, recording: Recorder): Named[] {
  const { measureAtMs, measureEndedAtMs, series } = recording;
  const fromMeasure = { ...WHOLE_TRIAL, fromMs: measureAtMs };
  const gauge = series.window(role, "time_wait", fromMeasure);
  if (gauge.length === 0) return [];
  const middleMs = (measureAtMs + measureEndedAtMs) / 2;
  const secondHalf = { fromMs: middleMs, toMs: measureEndedAtMs };
  const plateau = median(series.window(role, "time_wait", secondHalf));
  return [
    ["time_wait.peak", maxOf(gauge)],
    // Without a sample in that half it is not known.
    ...(plateau.defined ? [["time_wait.plateau", plateau.value] as const] : []),
    ["time_wait.end", gauge.at(-1) as number],
  ];
}

function reducePorts({ ports }: RoleReadings): Named[] {
  const range = ports.at(-1)?.range;
  if (range === undefined) return [];
  const used = maxOf(ports.map((reading) => reading.used));
  return [
    ["ports.range", range],
    ["ports.used_peak", used],
    ["ports.utilisation_peak", range === 0 ? 0 : used / range],
  ];
}

/** Metrics that are a counter's growth under another name than the kernel's. */
const RENAMED: Readonly<Record<string, string>> = {
  "tcp.OutRsts": "rst.sent",
  "conntrack.drop": "conntrack.dropped",
};

function reduceCounters(readings: RoleReadings): Named[] {
  return Object.entries(growthOf(readings)).flatMap(([name, growth]): Named[] => {
    const other = RENAMED[name];
    const names = other === undefined ? [name] : [name, other];
    return names.filter((each) => describeMetric(each) !== null).map((each) => [each, growth]);
  });
}

/** Whether a counter is ours and absent until the first of what it counts: then it was 0. */
export function beginsAtZero(name: string): boolean {
  return name.startsWith("rst.reason.") || name.startsWith("accept_failures.");
}

/** What is ours and was not seen before the phase began counts from 0; a kernel counter that was not there does not. */
export function growthOf({
  before,
  after,
}: Pick<RoleReadings, "before" | "after">): Record<string, number> {
  const { deltas, appeared } = deltaCounters(before, after);
  const reasons = appeared.filter(beginsAtZero);
  const fromZero = reasons.map((name) => [name, after.counters[name] ?? 0]);
  return { ...deltas, ...Object.fromEntries(fromZero) };
}

function reducePeak(
  role: Role,
  recording: Recorder,
  [gauge, metric]: readonly [string, string],
): Named[] {
  const peak = peakOf(recording, role, gauge);
  return peak === null ? [] : [[metric, peak]];
}

/** The highest that a gauge was seen to be in the whole trial; null where it was not seen. */
export function peakOf(recording: Recorder, role: Role, gauge: string): number | null {
  const values = recording.series.window(role, gauge, WHOLE_TRIAL);
  return values.length === 0 ? null : maxOf(values);
}
