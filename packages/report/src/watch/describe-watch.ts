import type { EarlierReading, WatchedName, WatchReading } from "@churnlab/core";
import { adviseHost } from "./advise-host.ts";
import { describeDestination } from "./describe-destination.ts";
import { measureBirthsPerS, measureDeathsPerS } from "./port-outlook.ts";
import { RATE_WINDOW_MS_MIN, Rates } from "./rates.ts";
import { measureSynQueue } from "./syn-queue-rates.ts";
import { WATCH_SCHEMA_VERSION, type WatchDocument } from "./watch-document.ts";

export interface WatchFacts {
  readonly host: WatchedName;
  /** Ticks per second of the kernel, which decide how long TIME_WAIT lasts exactly. */
  readonly hz: number;
}

const DESTINATIONS_SHOWN = 10;

/** What two readings of a host say. */
export function describeWatch(
  before: EarlierReading,
  after: WatchReading,
  facts: WatchFacts,
): WatchDocument {
  const rates = new Rates(before, after);
  const seen = {
    schemaVersion: WATCH_SCHEMA_VERSION,
    host: facts.host,
    at: new Date(after.unixMs).toISOString(),
    windowMs: rates.windowMs,
    portRange: after.range,
    destinations: after.destinations
      .slice(0, DESTINATIONS_SHOWN)
      .map((destination) => describeDestination(destination, { before, after, hz: facts.hz })),
    timeWait: describeTimeWait(after, rates),
    totals: readTotals(after.counters.counters),
    sockets: after.states,
    listeners: after.listeners.toSorted((a, b) => fullness(b) - fullness(a) || a.port - b.port),
    listen: {
      overflowsPerS: rates.perS("tcpext.ListenOverflows"),
      dropsPerS: rates.perS("tcpext.ListenDrops"),
      synQueueFullPerS: sumKnown(Object.values(measureSynQueue(rates, after.sysctls))),
    },
    resets: {
      sentPerS: rates.perS("tcp.OutRsts"),
      receivedPerS: rates.growthPerS(before.resetsReceived, after.resetsReceived),
      connectionsResetPerS: rates.perS("tcp.EstabResets"),
    },
    conntrack: describeConntrack(after, rates),
  } as const;
  const notes = after.resetsLost > 0 ? [lostResets(after.resetsLost)] : [];
  const advice = adviseHost(seen, { sysctls: after.sysctls, rates });
  return { ...seen, advice, notes: [...after.notes, ...notes] };
}

function describeTimeWait(
  { states, counters, sysctls, timeWaitLeft }: WatchReading,
  rates: Rates,
): WatchDocument["timeWait"] {
  const max = numberOf(sysctls["net.ipv4.tcp_max_tw_buckets"]);
  const created = rates.sumPerS("tcpext.TW", "tcpext.TWKilled");
  const recycled = rates.perS("tcpext.TWRecycled");
  const isShort = rates.windowMs < RATE_WINDOW_MS_MIN;
  const newPerS = isShort ? measureBirthsPerS(timeWaitLeft, (recycled ?? 0) > 0) : created;
  // So short a window bears no rate of what was taken over, which births and deaths of a second could be set against.
  const isRateless = recycled === null || (isShort && recycled > 0);
  return {
    count: states["TIME_WAIT"] ?? 0,
    max,
    share: shareOf(counters.gauges["time_wait"] ?? 0, max),
    newPerS,
    growthPerS:
      newPerS === null || isRateless ? null : newPerS - recycled - measureDeathsPerS(timeWaitLeft),
    refusedPerS: rates.perS("tcpext.TCPTimeWaitOverflow"),
  };
}

function readTotals(counters: Readonly<Record<string, number>>): WatchDocument["totals"] {
  return {
    overflows: counters["tcpext.ListenOverflows"] ?? null,
    drops: counters["tcpext.ListenDrops"] ?? null,
    resetsSent: counters["tcp.OutRsts"] ?? null,
    connectionsReset: counters["tcp.EstabResets"] ?? null,
    trackingDrops: counters["conntrack.drop"] ?? null,
  };
}

function describeConntrack(
  { counters, sysctls }: WatchReading,
  rates: Rates,
): WatchDocument["conntrack"] {
  const entries = counters.gauges["conntrack"];
  if (entries === undefined) return null;
  const max = numberOf(sysctls["net.netfilter.nf_conntrack_max"]);
  return {
    entries,
    max,
    share: shareOf(entries, max),
    droppedPerS: rates.perS("conntrack.drop"),
    evictedPerS: rates.perS("conntrack.early_drop"),
  };
}

function fullness({ depth, limit }: { depth: number; limit: number | null }): number {
  return limit === null || limit === 0 ? depth : depth / limit;
}

function sumKnown(rates: readonly (number | null)[]): number | null {
  const known = rates.filter((rate) => rate !== null);
  return known.length === 0 ? null : known.reduce((sum, rate) => sum + rate, 0);
}

function shareOf(count: number, max: number | null): number | null {
  return max === null || max === 0 ? null : count / max;
}

function numberOf(value: string | undefined): number | null {
  return value === undefined ? null : Number(value);
}

function lostResets(count: number): string {
  return `${count} resets arrived faster than they were counted and are in no rate`;
}
