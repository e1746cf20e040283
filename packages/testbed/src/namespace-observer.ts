import type {
  CounterReading,
  ListenerQueues,
  Observer,
  PortReading,
  QueueReading,
  Role,
  TimedEvent,
  Warning,
} from "@churnlab/core";
import {
  ALL_TCP_STATES,
  type CounterReader,
  type ListenQueue,
  type NetworkNamespace,
  openCounters,
  PortCensus,
  type PortRange,
  readConntrackMax,
  readPortRange,
  readQueues,
  readSysctls,
  SockDiag,
  SystemError,
} from "@churnlab/linux";
import type { ResetObserver } from "./reset-observer.ts";

/** Tuples of ports that one dump keeps of one namespace, those of most ports; the others are counted. */
const TUPLES_MAX = 100;

const OVERFLOWS = "tcpext.ListenOverflows";
const ABORT = "net.ipv4.tcp_abort_on_overflow";

export interface NamespaceObserverOptions {
  readonly role: Role;
  /** With its final sysctls: the port range is read once. */
  readonly namespace: NetworkNamespace;
  /** null where resets are not watched. */
  readonly resets: ResetObserver | null;
  /** Whether dumps of all sockets are wanted. */
  readonly ports: boolean;
}

/** Sees one role's kernel through descriptors that were opened inside its namespace. */
export class NamespaceObserver implements Observer {
  readonly role: Role;
  readonly #held: DisposableStack;
  readonly #counters: CounterReader;
  readonly #diag: SockDiag;
  readonly #range: PortRange;
  readonly #census: PortCensus;
  readonly #conntrackMax: number | undefined;
  readonly #resets: ResetObserver | null;
  readonly #ports: boolean;
  readonly #abortsOnOverflow: boolean;
  readonly #warnings: Warning[] = [];
  /** What the last dump that left anything out said of it. */
  #omitted: string | null = null;
  /** At the look before this one. */
  #overflows: number;

  constructor({ role, namespace, resets, ports }: NamespaceObserverOptions) {
    this.role = role;
    this.#resets = resets;
    this.#ports = ports;
    using opened = new DisposableStack();
    this.#counters = opened.use(openCounters(namespace));
    this.#diag = opened.use(new SockDiag(namespace));
    this.#range = readPortRange(namespace);
    this.#census = new PortCensus(this.#range);
    this.#conntrackMax = readConntrackMax(namespace);
    this.#overflows = this.#counters.read().counters[OVERFLOWS] ?? 0;
    this.#abortsOnOverflow = readSysctls(namespace, [ABORT])[ABORT] === "1";
    this.#held = opened.move();
    this.#held.use(resets);
    for (const name of this.#counters.absent) {
      const message = `${role}: this kernel has no counter ${name}`;
      this.#warnings.push({ code: "W_COUNTER_ABSENT", message });
    }
  }

  readCounters(): CounterReading {
    const { gauges, counters } = this.#counters.read();
    const overflowsBefore = this.#overflows;
    this.#overflows = counters[OVERFLOWS] ?? 0;
    const hasOverflowAborted = (): boolean =>
      this.#abortsOnOverflow && (this.#counters.read().counters[OVERFLOWS] ?? 0) > overflowsBefore;
    return {
      gauges: this.#conntrackMax === undefined ? gauges : { ...gauges, ...this.#limits(gauges) },
      counters: { ...counters, ...this.#resets?.readCounters(hasOverflowAborted) },
    };
  }

  /** What a gauge may grow to, while there is anything to compare with it. */
  #limits({ conntrack = 0 }: CounterReading["gauges"]): Record<string, number> {
    return conntrack > 0 ? { "conntrack.max": this.#conntrackMax ?? 0 } : {};
  }

  readQueues(): QueueReading | null {
    const queues = this.#dump("queues were not read", () =>
      readQueues(this.#diag, { countSynReceived: true }),
    );
    if (queues === null || queues.listeners.length === 0) return null;
    return { listeners: mergeShared(queues.listeners), synReceived: queues.synReceived ?? 0 };
  }

  readPorts(): PortReading | null {
    if (!this.#ports) return null;
    return this.#dump("ports were not counted", () => this.#dumpPorts());
  }

  /** null, with a warning, when the kernel does not answer a dump: it may run out of memory for one (ENOBUFS). */
  #dump<T>(failure: string, work: () => T): T | null {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      this.#degrade(failure, error.message);
      return null;
    }
  }

  #degrade(what: string, why: string): void {
    const message = `${this.role}: ${what} at one time: ${why}`;
    this.#warnings.push({ code: "W_OBSERVER_DEGRADED", message });
  }

  #dumpPorts(): PortReading {
    const { listeners } = readQueues(this.#diag);
    this.#census.setListeningPorts(listeners.map(({ port }) => port));
    this.#diag.dump(ALL_TCP_STATES, this.#census);
    this.#omitted = this.#census.describeOmitted() ?? this.#omitted;
    const range = this.#range.usable;
    const tuples = this.#census.busiest(TUPLES_MAX).map(({ ports, ...tuple }) => {
      return { ...tuple, used: ports, range };
    });
    return {
      states: this.#census.states(),
      used: tuples[0]?.used ?? 0,
      range,
      tuples,
      tuplesLeftOff: this.#census.destinations - tuples.length,
    };
  }

  takeEvents(): readonly TimedEvent[] {
    return this.#resets?.takeEvents() ?? [];
  }

  conclude(): readonly Warning[] {
    const message = `${this.role}: ${this.#omitted}`;
    const omitted: Warning[] =
      this.#omitted === null ? [] : [{ code: "W_OBSERVER_DEGRADED", message }];
    return [...this.#warnings, ...omitted, ...(this.#resets?.conclude() ?? [])];
  }

  close(): void {
    this.#held.dispose();
  }
}

/** Sockets that share an address and port share its connections too; their handshakes cannot be told apart. */
function mergeShared(sockets: readonly ListenQueue[]): ListenerQueues[] {
  const merged = new Map<string, ListenerQueues>();
  for (const { address, port, depth, limit, synReceived } of sockets) {
    const key = `${address} ${port}`;
    const before = merged.get(key);
    merged.set(key, {
      address,
      port,
      depth: depth + (before?.depth ?? 0),
      limit: limit + (before?.limit ?? 0),
      synReceived: synReceived ?? 0,
    });
  }
  return [...merged.values()];
}
