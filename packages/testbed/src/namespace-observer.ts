import type {
  CounterReading,
  Observer,
  PortReading,
  Role,
  TrialEvent,
  Warning,
} from "@churnlab/core";
import {
  ALL_TCP_STATES,
  type CounterReader,
  type NetworkNamespace,
  openCounters,
  PortCensus,
  type PortRange,
  readPortRange,
  readQueues,
  SockDiag,
  SystemError,
} from "@churnlab/linux";
import type { ResetObserver } from "./reset-observer.ts";

export interface NamespaceObserverOptions {
  readonly role: Role;
  /** With its final sysctls: the port range is read once. */
  readonly namespace: NetworkNamespace;
  /** null where resets are not watched. */
  readonly resets: ResetObserver | null;
}

/** Sees one role's kernel through descriptors that were opened inside its namespace. */
export class NamespaceObserver implements Observer {
  readonly role: Role;
  readonly #counters: CounterReader;
  readonly #diag: SockDiag;
  readonly #range: PortRange;
  readonly #census: PortCensus;
  readonly #resets: ResetObserver | null;
  readonly #warnings: Warning[] = [];

  constructor({ role, namespace, resets }: NamespaceObserverOptions) {
    this.role = role;
    this.#resets = resets;
    this.#counters = openCounters(namespace);
    this.#diag = new SockDiag(namespace);
    this.#range = readPortRange(namespace);
    this.#census = new PortCensus(this.#range);
    for (const name of this.#counters.absent) {
      const message = `${role}: this kernel has no counter ${name}`;
      this.#warnings.push({ code: "W_COUNTER_ABSENT", message });
    }
  }

  readCounters(): CounterReading {
    const { gauges, counters } = this.#counters.read();
    return { gauges, counters: { ...counters, ...this.#resets?.readCounters() } };
  }

  readQueues(): Readonly<Record<string, number>> {
    const { listeners, synReceived } = readQueues(this.#diag, { countSynReceived: true });
    if (listeners.length === 0) return {};
    const deepest = listeners.reduce((a, b) => (a.depth >= b.depth ? a : b));
    return {
      accept_queue: deepest.depth,
      "accept_queue.limit": deepest.limit,
      syn_recv: synReceived ?? 0,
    };
  }

  /** null, with a warning, when the kernel does not answer a dump: it may run out of memory for one (ENOBUFS). */
  readPorts(): PortReading | null {
    try {
      return this.#dumpPorts();
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      const message = `${this.role}: ports were not counted at one time: ${error.message}`;
      this.#warnings.push({ code: "W_OBSERVER_DEGRADED", message });
      return null;
    }
  }

  #dumpPorts(): PortReading {
    const { listeners } = readQueues(this.#diag);
    this.#census.setListeningPorts(listeners.map(({ port }) => port));
    this.#diag.dump(ALL_TCP_STATES, this.#census);
    return {
      states: this.#census.states(),
      used: this.#census.portsUsedMost,
      range: this.#range.usable,
    };
  }

  drainEvents(): readonly (Omit<TrialEvent, "tMs"> & { readonly atMs: number })[] {
    return this.#resets?.takeEvents() ?? [];
  }

  conclude(): readonly Warning[] {
    return [...this.#warnings, ...(this.#resets?.conclude() ?? [])];
  }

  close(): void {
    this.#counters.close();
    this.#diag.close();
    this.#resets?.[Symbol.dispose]();
  }
}
