import type { Role } from "./role.ts";

/** How a metric is judged: its margin and its method follow from its class. */
export const METRIC_CLASSES = [
  "rate",
  "latency-middle",
  "latency-tail",
  "count",
  "gauge",
  "time",
  "share",
  "cost",
] as const;
export type MetricClass = (typeof METRIC_CLASSES)[number];

export interface MetricDescription {
  /** `*` stands for a kernel's own name: an errno, a reset reason, a counter. */
  readonly name: string;
  readonly unit: string;
  readonly better: "higher" | "lower" | "neither";
  readonly class: MetricClass;
  readonly roles: readonly Role[];
  readonly meaning: string;
}

const every: readonly Role[] = ["client", "target", "upstream"];
const client: readonly Role[] = ["client"];
/** Of a target, what the built-in gateway does towards its upstream. */
const dialler: readonly Role[] = ["client", "target"];

const target: readonly Role[] = ["target"];

/** `[name, unit, better, class, roles, meaning]` */
type Row = readonly [
  string,
  string,
  MetricDescription["better"],
  MetricClass,
  readonly Role[],
  string,
];

const rows: readonly Row[] = [
  [
    "connections.intended",
    "connections",
    "neither",
    "count",
    client,
    "Connections the schedule asked for.",
  ],
  [
    "connections.attempted",
    "connections",
    "neither",
    "count",
    dialler,
    "Connections that were begun.",
  ],
  ["connections.established", "connections", "higher", "count", dialler, "Handshakes completed."],
  [
    "connections.succeeded",
    "connections",
    "higher",
    "count",
    client,
    "Connections that did all they were meant to do.",
  ],
  [
    "connections.failed",
    "connections",
    "lower",
    "count",
    dialler,
    "Connections that failed at any step.",
  ],
  [
    "connections.dropped",
    "connections",
    "lower",
    "count",
    client,
    "Arrivals that could not be started in time: load not offered.",
  ],
  [
    "connections.rate",
    "/s",
    "higher",
    "rate",
    client,
    "Connections that succeeded per second of the measure phase.",
  ],
  ["requests.intended", "requests", "neither", "count", client, "Requests the schedule asked for."],
  ["requests.attempted", "requests", "neither", "count", dialler, "Requests that were begun."],
  ["requests.succeeded", "requests", "higher", "count", dialler, "Requests answered in full."],
  [
    "requests.failed",
    "requests",
    "lower",
    "count",
    dialler,
    "Requests that got no, a broken, or a late answer, or one with a status from 500 on.",
  ],
  [
    "requests.dropped",
    "requests",
    "lower",
    "count",
    client,
    "Request arrivals that could not be started in time.",
  ],
  [
    "requests.rate",
    "/s",
    "higher",
    "rate",
    client,
    "Requests answered per second of the measure phase.",
  ],
  [
    "failures.*",
    "connections",
    "lower",
    "count",
    dialler,
    "Connections that failed with this errno at any step, or were answered with this HTTP status.",
  ],
  [
    "time_wait.peak",
    "sockets",
    "lower",
    "gauge",
    every,
    "Highest TIME_WAIT gauge (with FIN_WAIT2 mini-sockets, as sockstat counts them).",
  ],
  [
    "time_wait.plateau",
    "sockets",
    "lower",
    "gauge",
    every,
    "Median of the gauge over the second half of the measure phase; absent where none was read there.",
  ],
  ["time_wait.end", "sockets", "lower", "gauge", every, "The gauge at the end of the drain phase."],
  [
    "ports.range",
    "ports",
    "neither",
    "gauge",
    every,
    "Local ports to choose from: ip_local_port_range less the reserved ones.",
  ],
  [
    "ports.used_peak",
    "ports",
    "lower",
    "gauge",
    every,
    "Most distinct local ports in use towards one destination.",
  ],
  ["ports.utilisation_peak", "share", "lower", "share", every, "ports.used_peak over ports.range."],
  [
    "ports.first_exhausted_ms",
    "ms",
    "higher",
    "time",
    every,
    "First EADDRNOTAVAIL or EADDRINUSE of the measure phase, of a client or of a built-in gateway towards its upstream; absent when there was none, with bind: port, and where no look at the sockets saw 90 % of the range in use: then the cause is unknown.",
  ],
  ["rst.sent", "segments", "lower", "count", every, "Resets sent by TCP itself (Tcp.OutRsts)."],
  ["rst.received", "segments", "lower", "count", every, "Resets seen arriving, by packet capture."],
  [
    "rst.reason.*",
    "segments",
    "lower",
    "count",
    every,
    "Resets sent for this reason of the kernel.",
  ],
  [
    "rst.sent_rate_peak",
    "segments/s",
    "lower",
    "gauge",
    every,
    "Most resets sent within about one second.",
  ],
  [
    "rst.received_rate_peak",
    "segments/s",
    "lower",
    "gauge",
    every,
    "Most resets that arrived within about one second.",
  ],
  ["accept_queue.peak", "connections", "lower", "gauge", every, "Deepest accept queue seen."],
  [
    "descriptors.peak",
    "descriptors",
    "lower",
    "gauge",
    target,
    "Most descriptors seen open in the measure phase in the process of a program under test that was nearest to its limit.",
  ],
  [
    "descriptors.limit",
    "descriptors",
    "neither",
    "gauge",
    target,
    "The limit on open files of that process (RLIMIT_NOFILE, soft).",
  ],
  [
    "accept_failures.*",
    "connections",
    "lower",
    "count",
    target,
    "Times that a built-in server could not accept a connection, by errno: EMFILE or ENFILE for want of a descriptor.",
  ],
  [
    "syn_recv.peak",
    "handshakes",
    "lower",
    "gauge",
    every,
    "Most handshakes seen waiting for their last ACK, over all listeners.",
  ],
  [
    "tcp.*",
    "count",
    "neither",
    "count",
    every,
    "Change of this /proc/net/snmp Tcp counter over the measure phase.",
  ],
  [
    "tcpext.*",
    "count",
    "neither",
    "count",
    every,
    "Change of this /proc/net/netstat TcpExt counter over the measure phase.",
  ],
  [
    "conntrack.peak",
    "entries",
    "lower",
    "gauge",
    every,
    "Most connection-tracking entries seen in one namespace of the role.",
  ],
  [
    "conntrack.max",
    "entries",
    "neither",
    "gauge",
    every,
    "Entries that fit into the table of each namespace: nf_conntrack_max.",
  ],
  [
    "conntrack.dropped",
    "packets",
    "lower",
    "count",
    every,
    "Packets that connection tracking dropped: for a full table (conntrack.peak at conntrack.max), or another reason.",
  ],
  [
    "latency.schedule.p50",
    "us",
    "neither",
    "latency-middle",
    client,
    "Median lateness of arrivals: of the generator, not of what is measured.",
  ],
  [
    "latency.schedule.*",
    "us",
    "neither",
    "latency-tail",
    client,
    "Lateness of arrivals: of the generator, not of what is measured.",
  ],
  ["latency.*.p50", "us", "lower", "latency-middle", client, "Median."],
  ["latency.*.p90", "us", "lower", "latency-tail", client, "90th percentile."],
  ["latency.*.p99", "us", "lower", "latency-tail", client, "99th percentile."],
  ["latency.*.p999", "us", "lower", "latency-tail", client, "99.9th percentile."],
  ["latency.*.max", "us", "lower", "latency-tail", client, "Highest value."],
  [
    "cpu.us_per_connection",
    "us",
    "lower",
    "cost",
    every,
    "CPU time of the role's threads per connection attempted, failed ones included.",
  ],
  [
    "cpu.us_per_request",
    "us",
    "lower",
    "cost",
    every,
    "CPU time of the role's threads, spent on failures too, per request answered.",
  ],
  [
    "cpu.share_max",
    "share",
    "neither",
    "share",
    client,
    "Busiest worker thread: CPU time over wall time.",
  ],
  [
    "sampler.cpu_share",
    "share",
    "neither",
    "share",
    client,
    "CPU time of reading kernel state over wall time, all roles together.",
  ],
  [
    "fleet.offset_ms",
    "ms",
    "neither",
    "time",
    client,
    "Largest difference between an agent's monotonic clock and the controller's.",
  ],
  [
    "fleet.offset_error_us",
    "us",
    "neither",
    "time",
    client,
    "Largest uncertainty of an agent's clock offset: half of the least round trip.",
  ],
  [
    "fleet.drift_us",
    "us",
    "neither",
    "time",
    client,
    "Largest change of an agent's clock offset from before the trial to after it.",
  ],
  [
    "fleet.start_skew_us",
    "us",
    "neither",
    "time",
    client,
    "From the first worker's first unit of work to the last worker's, beyond their schedules, with the clocks' error.",
  ],
  [
    "fleet.live_missed",
    "messages",
    "neither",
    "count",
    client,
    "Live messages of agents that did not arrive; no result is among them.",
  ],
  [
    "sampler.missed",
    "samples",
    "neither",
    "count",
    client,
    "Samples that were not taken at their time.",
  ],
];

/** Every metric a trial can have. `docs/metrics.md` lists the same; a test keeps them equal. */
export const METRICS: readonly MetricDescription[] = rows.map(
  ([name, unit, better, metricClass, roles, meaning]) => ({
    name,
    unit,
    better,
    class: metricClass,
    roles,
    meaning,
  }),
);

/** Kernel counters whose growth is a loss, so that a comparison may call it worse. */
const HARMFUL_COUNTERS: ReadonlySet<string> = new Set([
  "tcp.AttemptFails",
  "tcp.EstabResets",
  "tcp.RetransSegs",
  "tcp.InErrs",
  "tcpext.TCPTimeWaitOverflow",
  "tcpext.ListenOverflows",
  "tcpext.ListenDrops",
  "tcpext.TCPReqQFullDrop",
  "tcpext.TCPAbortOnMemory",
  "tcpext.TCPAbortOnTimeout",
  "tcpext.TCPTimeouts",
  "tcpext.TCPSynRetrans",
]);

/** A name is asked for once for each trial and comparison. */
const described = new Map<string, MetricDescription | null>();

/** The description of a metric by its name without role; null when no such metric exists. */
export function describeMetric(name: string): MetricDescription | null {
  let description = described.get(name);
  if (description === undefined) {
    description = findDescription(name);
    described.set(name, description);
  }
  return description;
}

function findDescription(name: string): MetricDescription | null {
  const found = METRICS.find((metric) => matchesPattern(metric.name, name));
  if (found === undefined) return null;
  return HARMFUL_COUNTERS.has(name) ? { ...found, better: "lower" } : found;
}

function matchesPattern(pattern: string, name: string): boolean {
  const [before, after] = pattern.split("*");
  if (after === undefined) return pattern === name;
  return (
    name.length > (before as string).length + after.length &&
    name.startsWith(before as string) &&
    name.endsWith(after)
  );
}
