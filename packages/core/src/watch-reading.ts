import type { CounterReading } from "./testbed.ts";

export const WATCHED_KINDS = ["own", "process", "namespace", "container"] as const;

/** Which host was looked at. */
export interface WatchedName {
  readonly kind: (typeof WATCHED_KINDS)[number];
  /** A process id, a name, or the own host's name. */
  readonly name: string;
}

/** What was seen of a host at one moment, as the kernel said it. */
export interface WatchReading {
  /** A clock that only goes forward. */
  readonly atMs: number;
  readonly unixMs: number;
  /** Gauges and counters by their names in the table of metrics. */
  readonly counters: CounterReading;
  /** TCP sockets by state. */
  readonly states: Readonly<Record<string, number>>;
  /** Those with most local ports in use, first. */
  readonly destinations: readonly DestinationReading[];
  /** All TIME_WAIT sockets by the whole seconds they have left, index 0 to 59. */
  readonly timeWaitLeft: readonly number[];
  readonly listeners: readonly ListenerReading[];
  /** What connect() chooses from; null where it may not be read. */
  readonly range: { readonly low: number; readonly high: number; readonly usable: number } | null;
  /** By name, those that could be read. */
  readonly sysctls: Readonly<Record<string, string>>;
  /** Resets that arrived since the watch began; null where packets may not be captured. */
  readonly resetsReceived: number | null;
  /** Resets that arrived and found no room to be counted. */
  readonly resetsLost: number;
  /** What is missing from this reading, or in doubt. */
  readonly notes: readonly string[];
}

/** What rates need of a reading before. */
export type EarlierReading = Pick<
  WatchReading,
  "atMs" | "counters" | "resetsReceived" | "destinations"
>;

/** The sockets from one local address to one remote address and port. */
export interface DestinationReading {
  readonly source: string;
  readonly destination: string;
  readonly destinationPort: number;
  readonly ports: number;
  readonly states: Readonly<Record<string, number>>;
  /** Its TIME_WAIT sockets by the whole seconds they have left. */
  readonly timeWaitLeft: readonly number[];
}

export interface ListenerReading {
  readonly address: string;
  readonly port: number;
  readonly depth: number;
  /** null where only sock_diag would tell. */
  readonly limit: number | null;
}
