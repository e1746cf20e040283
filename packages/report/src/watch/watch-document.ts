import type { WatchedName } from "@churnlab/core";
import type { PortOutlook } from "./port-outlook.ts";

/** Raised when a field changes its meaning or goes; new fields do not raise it. */
export const WATCH_SCHEMA_VERSION = 1;

/**
 * One reading as `churnlab watch --json` prints it. Rates are per second over `windowMs`; what could not be seen is null,
 * and `notes` says why. `schema/watch.schema.json` describes the same to programs.
 */
export interface WatchDocument {
  readonly schemaVersion: typeof WATCH_SCHEMA_VERSION;
  readonly host: WatchedName;
  /** ISO 8601, UTC. */
  readonly at: string;
  /** Between the readings that the rates are made of; 0 for the first. */
  readonly windowMs: number;
  readonly portRange: {
    readonly low: number;
    readonly high: number;
    readonly usable: number;
  } | null;
  /** Those with most ports in use, first. */
  readonly destinations: readonly WatchedDestination[];
  readonly timeWait: {
    readonly count: number;
    /** tcp_max_tw_buckets; the kernel counts FIN_WAIT2 of closed sockets against it too. */
    readonly max: number | null;
    readonly share: number | null;
    readonly newPerS: number | null;
    /** New ones, less those that are taken over and those about to end; null where it is not known how many are taken over. */
    readonly growthPerS: number | null;
    readonly refusedPerS: number | null;
  };
  /**
   * What the counters have counted since the namespace was made: where the window is too short for a rate, no event in it
   * says little.
   */
  readonly totals: {
    readonly overflows: number | null;
    readonly drops: number | null;
    readonly resetsSent: number | null;
    readonly connectionsReset: number | null;
    /** Packets that connection tracking dropped. */
    readonly trackingDrops: number | null;
  };
  /** TCP sockets by state. */
  readonly sockets: Readonly<Record<string, number>>;
  /** The fullest first. */
  readonly listeners: readonly WatchedListener[];
  readonly listen: {
    readonly overflowsPerS: number | null;
    readonly dropsPerS: number | null;
    /** SYNs that found the SYN queue full, or without cookies full to three quarters: answered with a cookie or dropped. */
    readonly synQueueFullPerS: number | null;
  };
  readonly resets: {
    readonly sentPerS: number | null;
    readonly receivedPerS: number | null;
    /** Established connections that a reset ended, sent or received. */
    readonly connectionsResetPerS: number | null;
  };
  readonly conntrack: {
    readonly entries: number;
    readonly max: number | null;
    readonly share: number | null;
    /** Packets; for a full table or another reason. */
    readonly droppedPerS: number | null;
    /** Entries of connections not yet answered both ways, which a full table gives up for new ones: no packet is lost. */
    readonly evictedPerS: number | null;
  } | null;
  readonly advice: readonly Advice[];
  readonly notes: readonly string[];
}

export interface WatchedDestination {
  readonly source: string;
  readonly destination: string;
  readonly destinationPort: number;
  /** Local ports in use. */
  readonly ports: number;
  /** Of the range; null where the range is not known. */
  readonly share: number | null;
  readonly states: Readonly<Record<string, number>>;
  /** TIME_WAIT sockets that connect() would take over now (tcp_tw_reuse). */
  readonly reusable: number;
  /** TIME_WAIT sockets that begin per second. */
  readonly newPerS: number;
  /** null in one look: its window is too short to tell growth from chance. */
  readonly openGrowthPerS: number | null;
  readonly outlook: PortOutlook | { readonly kind: "unknown" };
  /** Until half of the range is taken, where connect() becomes slow; 0 past it; null: never at this rate, or unknown. */
  readonly cliffInMs: number | null;
}

export interface WatchedListener {
  readonly address: string;
  readonly port: number;
  /** Connections that wait for accept(). */
  readonly depth: number;
  readonly limit: number | null;
}

/** What ran short, told as `attributeLimits` does, and what would help against it. */
export interface Advice {
  readonly resource: AdvisedResource;
  readonly sentences: readonly string[];
  /** The settings it names that would be changed on this host. */
  readonly sysctls: readonly string[];
}

export const ADVISED_RESOURCES = [
  "ports",
  "accept-queue",
  "syn-queue",
  "conntrack",
  "time-wait-buckets",
  "resets",
] as const;
export type AdvisedResource = (typeof ADVISED_RESOURCES)[number];
