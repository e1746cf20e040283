import type {
  ListenerQueues,
  ListenerQueuesRecord,
  PortUse,
  PortUseRecord,
  Role,
} from "@churnlab/core";

type Timed<T> = T & { readonly role: Role; readonly atMs: number };

/** Readings that have more parts than a sample: who uses which ports, and what waits at each listener. */
export class TimedReadings {
  readonly #portUses: Timed<PortUse>[] = [];
  readonly #listenerQueues: Timed<ListenerQueues>[] = [];

  addPortUses(role: Role, atMs: number, tuples: readonly PortUse[]): void {
    for (const tuple of tuples) this.#portUses.push({ ...tuple, role, atMs });
  }

  addListenerQueues(role: Role, atMs: number, listeners: readonly ListenerQueues[]): void {
    for (const listener of listeners) this.#listenerQueues.push({ ...listener, role, atMs });
  }

  portUses(zeroMs: number): PortUseRecord[] {
    return this.#portUses.map(({ atMs, ...use }) => ({ ...use, tMs: atMs - zeroMs }));
  }

  listenerQueues(zeroMs: number): ListenerQueuesRecord[] {
    return this.#listenerQueues.map(({ atMs, ...queues }) => ({ ...queues, tMs: atMs - zeroMs }));
  }
}
