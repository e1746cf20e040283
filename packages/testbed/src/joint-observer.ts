import type {
  CounterReading,
  Observer,
  PortReading,
  QueueReading,
  Role,
  TimedEvent,
  Warning,
} from "@churnlab/core";
import { closeAll } from "./close-all.ts";

/**
 * Several namespaces of one role seen as one: counters and gauges are added, listeners and port tuples stand side by
 * side. Ports run out per source address and tracked connections per namespace, so what is in use is that of the fullest.
 */
export class JointObserver implements Observer {
  readonly role: Role;
  readonly #observers: readonly Observer[];

  constructor(role: Role, observers: readonly Observer[]) {
    this.role = role;
    this.#observers = observers;
  }

  readCounters(): CounterReading {
    return joinReadings(this.#observers.map((observer) => observer.readCounters()));
  }

  readQueues(): QueueReading | null {
    return joinQueues(this.#observers.map((observer) => observer.readQueues()));
  }

  readPorts(): PortReading | null {
    return joinPorts(this.#observers.map((observer) => observer.readPorts()));
  }

  takeEvents(): readonly TimedEvent[] {
    return this.#observers.flatMap((observer) => observer.takeEvents());
  }

  conclude(): readonly Warning[] {
    return joinWarnings(this.#observers.flatMap((observer) => observer.conclude()));
  }

  close(): void {
    closeAll(this.#observers);
  }
}

/** Several hosts of one role as one: sums, but for what the kernel keeps for its whole machine. */
export function joinReadings(readings: readonly CounterReading[]): CounterReading {
  return {
    gauges: addGauges(readings.map(({ gauges }) => gauges)),
    counters: addRecords(readings.map(({ counters }) => counters)),
  };
}

/** The listeners of all hosts side by side; null where none were read. */
export function joinQueues(readings: readonly (QueueReading | null)[]): QueueReading | null {
  const known = readings.filter((reading) => reading !== null);
  if (known.length === 0) return null;
  return {
    listeners: known.flatMap(({ listeners }) => listeners),
    synReceived: known.reduce((sum, { synReceived }) => sum + synReceived, 0),
  };
}

/** What several hosts say alike is said once. */
export function joinWarnings(warnings: readonly Warning[]): Warning[] {
  return [...new Map(warnings.map((warning) => [warning.message, warning])).values()];
}

/** The port budget of the fullest host, with the sockets of all; null where none was read. */
export function joinPorts(readings: readonly (PortReading | null)[]): PortReading | null {
  const known = readings.filter((reading) => reading !== null);
  const fullest = known.toSorted((a, b) => share(b) - share(a))[0];
  if (fullest === undefined) return null;
  return {
    ...fullest,
    states: addRecords(known.map(({ states }) => states)),
    tuples: known.flatMap(({ tuples }) => tuples).toSorted((a, b) => b.used - a.used),
    tuplesLeftOff: known.reduce((sum, { tuplesLeftOff }) => sum + tuplesLeftOff, 0),
  };
}

function share({ used, range }: PortReading): number {
  return range === 0 ? 0 : used / range;
}

/** Sums by name. */
function addRecords(records: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const record of records) {
    for (const [name, value] of Object.entries(record)) sums[name] = (sums[name] ?? 0) + value;
  }
  return sums;
}

/** What the kernel keeps for the whole host is the same in every namespace, not a part of a sum. */
function addGauges(records: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sums = addRecords(records);
  for (const [name, value] of Object.entries(records[0] ?? {})) {
    if (name.startsWith("host.")) sums[name] = value;
  }
  return { ...sums, ...findFullestTable(records) };
}

/** Each namespace has a connection-tracking table of its own, which is full however empty the others are. */
function findFullestTable(
  records: readonly Readonly<Record<string, number>>[],
): Record<string, number> {
  const tables = records.flatMap(({ conntrack, "conntrack.max": max }) =>
    conntrack === undefined ? [] : [{ conntrack, max }],
  );
  const [fullest] = tables.toSorted((a, b) => fill(b) - fill(a) || b.conntrack - a.conntrack);
  if (fullest === undefined) return {};
  const { conntrack, max } = fullest;
  return max === undefined ? { conntrack } : { conntrack, "conntrack.max": max };
}

function fill({ conntrack, max = 0 }: { conntrack: number; max: number | undefined }): number {
  return max === 0 ? 0 : conntrack / max;
}
