import type { DestinationReading, WatchReading } from "@churnlab/core";

/** A quiet host with 100 ports; what a test is about is given. */
export function aReading(given: Partial<WatchReading> = {}): WatchReading {
  return {
    atMs: 1000,
    unixMs: Date.UTC(2026, 10, 22, 12, 3, 5),
    counters: { gauges: { time_wait: 0 }, counters: {} },
    states: {},
    destinations: [],
    timeWaitLeft: noneLeft(),
    listeners: [],
    range: { low: 40_000, high: 40_099, usable: 100 },
    sysctls: {
      "net.ipv4.tcp_tw_reuse": "2",
      "net.ipv4.tcp_timestamps": "1",
      "net.ipv4.tcp_max_tw_buckets": "1000",
    },
    resetsReceived: null,
    resetsLost: 0,
    notes: [],
    ...given,
  };
}

/** Fifty ports in TIME_WAIT that began in the last two seconds. */
export function aDestination(given: Partial<DestinationReading> = {}): DestinationReading {
  return {
    source: "198.18.0.1",
    destination: "198.18.0.2",
    destinationPort: 80,
    ports: 50,
    states: { TIME_WAIT: 50 },
    timeWaitLeft: leftAt({ 58: 25, 59: 25 }),
    ...given,
  };
}

export function noneLeft(): number[] {
  return Array.from({ length: 60 }, () => 0);
}

/** Sockets by the whole seconds they have left. */
export function leftAt(counts: Readonly<Record<number, number>>): number[] {
  return noneLeft().map((none, second) => counts[second] ?? none);
}
