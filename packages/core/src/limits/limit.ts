import type { Measurement } from "../measurement.ts";
import type { TrialEvent } from "../observation.ts";
import type { Role } from "../role.ts";
import type { BindMode, Topology } from "../scenario.ts";
import type { FailureRecord } from "../tally.ts";
import type { Warning } from "../warnings.ts";

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
