import type { DestinationReading, EarlierReading, WatchReading } from "@churnlab/core";
import { timeWaitLength } from "@churnlab/core/time-wait-length";
import { forecastPorts, measureBirthsPerS } from "./port-outlook.ts";
import type { WatchedDestination } from "./watch-document.ts";

interface Seen {
  readonly before: EarlierReading;
  readonly after: WatchReading;
  readonly hz: number;
}

/** One destination's ports, and where they go. */
export function describeDestination(
  now: DestinationReading,
  { before, after, hz }: Seen,
): WatchedDestination {
  const { source, destination, destinationPort, ports, states, timeWaitLeft } = now;
  const usable = after.range?.usable ?? null;
  const reuseDelayMs = findReuseDelayMs(after.sysctls, destination);
  const newPerS = measureBirthsPerS(timeWaitLeft, reuseDelayMs !== null);
  const openGrowthPerS = measureOpenGrowth(now, { before, after, hz });
  const seen = {
    source,
    destination,
    destinationPort,
    ports,
    share: usable === null || usable === 0 ? null : ports / usable,
    states,
    newPerS,
    openGrowthPerS,
  };
  if (usable === null) {
    return { ...seen, reusable: 0, outlook: { kind: "unknown" }, cliffInMs: null };
  }
  const open = countOpen(now);
  const { taken, outlook, cliffInMs } = forecastPorts({
    usable,
    open,
    openGrowthPerS: openGrowthPerS ?? 0,
    timeWaitLeft,
    newPerS,
    waitMs: reuseDelayMs ?? timeWaitLength(hz).meanMs,
  });
  const reusable = reuseDelayMs === null ? 0 : Math.max(0, Math.round(ports - taken));
  return { ...seen, reusable, outlook, cliffInMs };
}

/** Below this a change of open connections is the chance of any load. */
const GROWTH_MIN = 5;

/** Null while it cannot be told; 0 when it may be chance. */
function measureOpenGrowth(now: DestinationReading, { before, after }: Seen): number | null {
  const ms = after.atMs - before.atMs;
  const earlier = before.destinations.find((each) => isSame(each, now));
  if (ms <= 0 || earlier === undefined) return null;
  const change = countOpen(now) - countOpen(earlier);
  const chance = 2 * Math.sqrt(countOpen(earlier) + 1);
  return Math.abs(change) < Math.max(GROWTH_MIN, chance) ? 0 : (change * 1000) / ms;
}

function countOpen({ ports, states }: DestinationReading): number {
  return ports - (states["TIME_WAIT"] ?? 0);
}

function isSame(a: DestinationReading, b: DestinationReading): boolean {
  return (
    a.source === b.source &&
    a.destination === b.destination &&
    a.destinationPort === b.destinationPort
  );
}

/**
 * How old a TIME_WAIT must be for connect() to take it over; null where it never does. 2, the default, acts on loopback
 * only. That the other end has timestamps too, and that the port was not taken by bind(), cannot be seen from here.
 */
function findReuseDelayMs(
  sysctls: Readonly<Record<string, string>>,
  destination: string,
): number | null {
  const reuse = sysctls["net.ipv4.tcp_tw_reuse"];
  const isLoopback = destination.startsWith("127.") || destination === "::1";
  const acts = reuse === "1" || (reuse === "2" && isLoopback);
  if (!acts || sysctls["net.ipv4.tcp_timestamps"] === "0") return null;
  return Number(sysctls["net.ipv4.tcp_tw_reuse_delay"] ?? 1000);
}
