import type {
  CounterReading,
  Observer,
  PortReading,
  QueueReading,
  RemoteLook,
  Role,
  Warning,
} from "@churnlab/core";
import { monotonicMs } from "@churnlab/traffic";
import type { InsideLink } from "./inside-link.ts";
import type { RoleLook } from "./inside-messages.ts";

/** Beyond the time of a look itself. */
const LOOK_MS_MAX = 5000;

/** One role's kernel as it was last told of. */
export class InsideObserver implements Observer {
  readonly role: Role;
  readonly #link: InsideLink;
  #latest: RoleLook;
  #queues: QueueReading | null;
  #ports: PortReading | null;
  #events: RoleLook["events"];

  constructor(link: InsideLink, first: RoleLook) {
    this.role = first.role;
    this.#link = link;
    this.#latest = first;
    this.#queues = first.queues;
    this.#ports = first.ports;
    this.#events = first.events;
  }

  take(look: RoleLook): void {
    this.#events = [...this.#events, ...look.events];
    if (look.atMs <= this.#latest.atMs) return;
    this.#latest = look;
    this.#queues = look.queues ?? this.#queues;
    this.#ports = look.ports ?? this.#ports;
  }

  /** What it keeps open towards its upstream. */
  get keptOpen(): number {
    return this.#latest.keptOpen;
  }

  async lookAt({ atMs }: RemoteLook): Promise<CounterReading> {
    const waitMs = Math.max(0, atMs - monotonicMs());
    const look = await this.#link.ask("look", { role: this.role, atMs }, waitMs + LOOK_MS_MAX);
    this.take(look);
    return look;
  }

  readCounters(): CounterReading {
    return this.#latest;
  }

  /** The newest, once. */
  readQueues(): QueueReading | null {
    const queues = this.#queues;
    this.#queues = null;
    return queues;
  }

  /** The newest, once. */
  readPorts(): PortReading | null {
    const ports = this.#ports;
    this.#ports = null;
    return ports;
  }

  takeEvents(): RoleLook["events"] {
    const events = this.#events;
    this.#events = [];
    return events;
  }

  conclude(): readonly Warning[] {
    return this.#latest.warnings;
  }

  close(): void {
    // What is open is open on the other side.
  }
}
