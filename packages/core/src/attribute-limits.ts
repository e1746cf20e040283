import type { Measurement } from "./measurement.ts";
import { nameMetric } from "./metric-key.ts";
import type { TrialEvent } from "./observation.ts";
import type { Role } from "./role.ts";
import type { BindMode, Topology } from "./scenario.ts";
import type { FailureRecord } from "./tally.ts";
import type { Warning } from "./warnings.ts";

/** What can run out, on one side or the other, in the order in which it is looked for. */
export const LIMITED_RESOURCES = [
  "ports",
  "bound-ports",
  "chosen-port",
  "port-search",
  "descriptors",
  "accept-queue",
  "syn-queue",
  "conntrack",
  "time-wait-buckets",
  "resets",
  "generator",
  "unknown",
] as const;
export type LimitedResource = (typeof LIMITED_RESOURCES)[number];

/** A resource that limited a trial, and what shows it. */
export interface Limit {
  readonly resource: LimitedResource;
  readonly role: Role;
  /** What it means, as a clause. */
  readonly meaning: string;
  /** The numbers by which it is known: `role.metric` or errno → value. */
  readonly evidence: Readonly<Record<string, number>>;
}

export interface LimitEvidence {
  readonly measurements: readonly Measurement[];
  readonly failures: readonly FailureRecord[];
  readonly warnings: readonly Warning[];
  /** How the client takes its local ports: the same errno means another thing where it chooses the port itself. */
  readonly bind: BindMode;
  /** Whether the target dials an upstream: only then may its own ports run out. */
  readonly topology: Topology;
  /** Events of the load; of these only the marks of slowness are read. */
  readonly events: readonly Pick<TrialEvent, "kind" | "role" | "detail">[];
  /** Facts of the environment; of these only `<role>.net.ipv4.tcp_syncookies` is read. */
  readonly facts: Readonly<Record<string, string>>;
}

type Find = (seen: Seen) => Limit[];

/**
 * Names what limited a trial, by the marks that each shortage leaves in errnos and in the counters of both kernels.
 * Running out of ports moves no counter at all, only errno tells; a dropped SYN shows at the listener and as a slow
 * connect(); a full connection-tracking table drops in silence. Empty when nothing ran out.
 */
export function attributeLimits(evidence: LimitEvidence): Limit[] {
  const seen = new Seen(evidence);
  return FINDERS.flatMap((find) => find(seen));
}

/** Numbers by name; what was not measured is 0. */
class Seen {
  readonly bind: BindMode;
  readonly topology: Topology;
  readonly measurements: readonly Measurement[];
  readonly warnings: readonly Warning[];
  readonly events: LimitEvidence["events"];
  readonly facts: LimitEvidence["facts"];
  readonly #values: ReadonlyMap<string, number>;
  readonly #failures: readonly FailureRecord[];

  constructor(evidence: LimitEvidence) {
    const { measurements, failures, warnings, bind, topology, events, facts } = evidence;
    this.bind = bind;
    this.topology = topology;
    this.measurements = measurements;
    this.warnings = warnings;
    this.events = events;
    this.facts = facts;
    this.#failures = failures;
    this.#values = new Map(measurements.map((m) => [nameMetric(m), m.value]));
  }

  of(name: string): number {
    return this.#values.get(name) ?? 0;
  }

  /** Those of the names whose value is above 0, with their values. */
  positive(names: readonly string[]): Record<string, number> {
    return Object.fromEntries(
      names.map((name) => [name, this.of(name)] as const).filter(([, value]) => value > 0),
    );
  }

  failed(errnos: readonly string[], steps: readonly string[]): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { errno, step, count } of this.#failures) {
      if (!errnos.includes(errno) || !steps.includes(step)) continue;
      const name = `${step}.${errno}`;
      counts[name] = (counts[name] ?? 0) + count;
    }
    return counts;
  }
}

function limit(
  role: Role,
  [resource, meaning]: readonly [LimitedResource, string],
  evidence: Readonly<Record<string, number>>,
): Limit[] {
  return Object.keys(evidence).length === 0 ? [] : [{ resource, role, meaning, evidence }];
}

/**
 * The built-in gateway counts its own errnos; what its clients see of them, and all that is seen of any other gateway, is
 * status 502. That has many causes, so it is believed only of one whose whole range was in use.
 */
const findGatewayPorts: Find = (seen) => {
  if (seen.topology !== "gateway") return [];
  const counted = seen.positive(["target.failures.EADDRNOTAVAIL"]);
  const meaning = "no local port was left for the gateway's connect() towards its upstream";
  const named = ["ports", meaning] as const;
  if (Object.keys(counted).length > 0) {
    return limitPorts(seen, { role: "target", named, failures: counted });
  }
  const [used, range] = [seen.of("target.ports.used_peak"), seen.of("target.ports.range")];
  const refused = seen.failed(["HTTP_502"], ["receive"]);
  if (range === 0 || used < range || Object.keys(refused).length === 0) return [];
  const answered =
    "the gateway answered 502 while all its local ports towards its upstream were in use";
  // A connection fails once, whatever number of its requests did.
  const failures = { ...refused, ...seen.positive(["client.requests.failed"]) };
  return besidePorts(seen, limit("target", ["ports", answered], failures));
};

const findPorts: Find = (seen) => {
  if (seen.bind === "port") return [];
  const meaning = "no local port was left for connect() towards this destination";
  const failures = seen.failed(["EADDRNOTAVAIL"], ["connect"]);
  return limitPorts(seen, { role: "client", named: ["ports", meaning], failures });
};

const findBoundPorts: Find = (seen) => {
  if (seen.bind === "port") return [];
  const meaning = "no local port was left for bind(): bound ports are shared by all destinations";
  const failures = seen.failed(["EADDRINUSE"], ["bind", "connect"]);
  return limitPorts(seen, { role: "client", named: ["bound-ports", meaning], failures });
};

/** Who chooses the port gets no other one: the errnos of an empty range mean that this one is taken. */
const findChosenPort: Find = (seen) => {
  if (seen.bind !== "port") return [];
  const meaning =
    "the local port whose turn it was (bind: port) was still taken, in TIME_WAIT or open; others may have been free";
  const failures = {
    ...seen.failed(["EADDRNOTAVAIL"], ["connect"]),
    ...seen.failed(["EADDRINUSE"], ["bind", "connect"]),
  };
  return besidePorts(seen, limit("client", ["chosen-port", meaning], failures));
};

/** From this share of the range on that a look has seen in use, an errno that says "none left" is believed. */
const FULL_SHARE_MIN = 0.9;

/**
 * Whether a look at the sockets of a role bears out that its ports ran out; null where none was had. Between two looks,
 * seconds apart, ports may run out and come back.
 */
export function sawPortsFull(measurements: readonly Measurement[], role: Role): boolean | null {
  const value = (name: string): number | undefined =>
    measurements.find(({ role: of, metric }) => of === role && metric === name)?.value;
  const [used, range] = [value("ports.used_peak"), value("ports.range")];
  if (used === undefined || range === undefined) return null;
  return used >= FULL_SHARE_MIN * range;
}

interface PortFailures {
  readonly role: Role;
  readonly named: readonly [LimitedResource, string];
  readonly failures: Readonly<Record<string, number>>;
}

/** Failures for want of a port, unless the sockets that were seen speak against it. */
function limitPorts(seen: Seen, { role, named, failures }: PortFailures): Limit[] {
  const unexplained =
    "the kernel found no local port, yet no look at the sockets saw the range nearly full: the cause is unknown";
  const isDenied = sawPortsFull(seen.measurements, role) === false;
  return besidePorts(seen, limit(role, isDenied ? ["unknown", unexplained] : named, failures));
}

/** The same, with the port budget beside the failures. */
function besidePorts(seen: Seen, found: readonly Limit[]): Limit[] {
  return found.map((each) => {
    const budget = ["ports.used_peak", "ports.range"].map((metric) =>
      nameMetric({ role: each.role, metric }),
    );
    return { ...each, evidence: { ...each.evidence, ...seen.positive(budget) } };
  });
}

/** Slow without a failure: what each connect() took is compared with what it took while ports were plenty. */
const findPortSearch: Find = (seen) => {
  const cliff = seen.events.find(({ kind }) => kind === "connect-cliff");
  if (cliff === undefined) return [];
  const { portUsePercent, beforeUs, afterUs } = cliff.detail;
  const slow = Object.entries({
    "connect.port_use_percent": portUsePercent,
    "connect.us_before": beforeUs,
    "connect.us_after": afterUs,
  }).filter((entry): entry is [string, number] => typeof entry[1] === "number");
  const meaning =
    "connect() became slow long before it could fail: it tries every second port first, and these were all in use";
  return limit(cliff.role, ["port-search", meaning], {
    ...Object.fromEntries(slow),
    ...seen.positive(["client.ports.used_peak", "client.ports.range"]),
  });
};

const findDescriptors: Find = (seen) =>
  limit(
    "client",
    ["descriptors", "the limit on open files was reached"],
    seen.failed(["EMFILE", "ENFILE"], ["bind", "connect", "send", "receive", "close"]),
  );

const SERVERS = ["target", "upstream"] as const;

const findServerDescriptors: Find = (seen) =>
  limit(
    "target",
    [
      "descriptors",
      "the server had no descriptor left: connections were not accepted, and waited in its queue or were closed",
    ],
    seen.positive(["target.accept_failures.EMFILE", "target.accept_failures.ENFILE"]),
  );

const findAcceptQueue: Find = (seen) =>
  SERVERS.flatMap((role) =>
    limit(
      role,
      [
        "accept-queue",
        "the accept queue was full: SYNs were dropped and sent again a second later",
      ],
      seen.positive([`${role}.tcpext.ListenOverflows`]),
    ),
  );

/**
 * A cookie is a mark only where it is kept for a full queue: with tcp_syncookies=2 every SYN is answered with one, all of
 * them are counted as TCPReqQFullDoCookies, and the queue stays empty (tcp_syn_flood_action, net/ipv4/tcp_input.c).
 * Without cookies SYNs of strangers are dropped from three quarters of tcp_max_syn_backlog on, which only ListenDrops
 * counts (tcp_conn_request, same file).
 */
const findSynQueue: Find = (seen) =>
  SERVERS.flatMap((role) => {
    const syncookies = seen.facts[`${role}.net.ipv4.tcp_syncookies`];
    const [drops, full, overflows, cookied] = [
      `${role}.tcpext.ListenDrops`,
      `${role}.tcpext.TCPReqQFullDrop`,
      `${role}.tcpext.ListenOverflows`,
      `${role}.tcpext.TCPReqQFullDoCookies`,
    ] as const;
    const early = syncookies === "0" && seen.of(drops) > seen.of(full) + seen.of(overflows);
    const dropped = seen.positive(early ? [full, drops] : [full]);
    const cookies = syncookies === "2" ? {} : seen.positive([cookied]);
    const meaning =
      Object.keys(dropped).length > 0
        ? "the SYN queue was full: SYNs were dropped"
        : "the SYN queue was full: SYNs were answered with cookies";
    return limit(role, ["syn-queue", meaning], { ...dropped, ...cookies });
  });

/** A full table is refilled as fast as entries end: a look finds it a few short at most. */
const TABLE_FULL_SHARE_MIN = 0.99;
const TABLE_FULL = [
  "conntrack",
  "the connection-tracking table was full: packets were dropped in silence",
] as const;
const TRACKING_DROPS = [
  "unknown",
  "connection tracking dropped packets, and its table was not seen full: the cause is unknown",
] as const;

/**
 * The kernel counts as `drop` every packet that it could not track (nf_conntrack_in and __nf_conntrack_confirm,
 * net/netfilter/nf_conntrack_core.c): a full table is one reason, a lack of memory or a clash of entries another.
 */
const findConntrack: Find = (seen) =>
  (["client", ...SERVERS] as const).flatMap((role) => {
    const dropped = seen.positive([`${role}.conntrack.dropped`]);
    const [peak, max] = [`${role}.conntrack.peak`, `${role}.conntrack.max`] as const;
    const context = seen.positive([peak, max]);
    const isFull = seen.of(max) > 0 && seen.of(peak) >= TABLE_FULL_SHARE_MIN * seen.of(max);
    const found = limit(role, isFull ? TABLE_FULL : TRACKING_DROPS, dropped);
    return found.map((each) => ({ ...each, evidence: { ...dropped, ...context } }));
  });

const findTimeWaitBuckets: Find = (seen) =>
  (["client", ...SERVERS] as const).flatMap((role) =>
    limit(
      role,
      [
        "time-wait-buckets",
        "tcp_max_tw_buckets was reached: connections ended without TIME_WAIT's protection",
      ],
      seen.positive([`${role}.tcpext.TCPTimeWaitOverflow`]),
    ),
  );

const findResets: Find = (seen) =>
  limit(
    "client",
    ["resets", "connections were reset by the other side"],
    seen.failed(["ECONNRESET", "EPIPE", "ECONNREFUSED"], ["connect", "send", "receive", "close"]),
  );

const findGenerator: Find = (seen) => {
  const limited = seen.warnings.some(({ code }) => code === "W_GENERATOR_LIMITED");
  const meaning =
    "the generator lost its schedule: what was offered is less than the scenario asks";
  if (!limited) return [];
  return limit("client", ["generator", meaning], {
    "client.latency.schedule.p99": seen.of("client.latency.schedule.p99"),
    "client.cpu.share_max": seen.of("client.cpu.share_max"),
  });
};

const FINDERS: readonly Find[] = [
  findPorts,
  findGatewayPorts,
  findBoundPorts,
  findChosenPort,
  findPortSearch,
  findDescriptors,
  findServerDescriptors,
  findAcceptQueue,
  findSynQueue,
  findConntrack,
  findTimeWaitBuckets,
  findResets,
  findGenerator,
];
