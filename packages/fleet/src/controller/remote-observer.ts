import {
  ChurnError,
  type CounterReading,
  type Observer,
  type PortReading,
  type QueueReading,
  type RemoteLook,
  type Role,
  type TrialEvent,
  type Warning,
} from "@churnlab/core";
import { joinPorts, joinQueues, joinReadings, joinWarnings } from "@churnlab/testbed";
import type { LiveMessage } from "../messages/live-message.ts";
import {
  type ReadReply,
  type RoleEvent,
  type RoleLook,
  type RoleReading,
  readReplySchema,
  type TrialKey,
} from "../messages/trial-messages.ts";
import type { AgentLink } from "./agent-link.ts";

/** Beyond the time of a look itself. */
const LOOK_MS_MAX = 3000;
/** Lines of the live grid that are kept for agents that are late. */
const LINES_KEPT = 16;

/** One host at the last look, with times of the controller's clock. */
interface SeenHost {
  readonly link: AgentLink;
  readonly look: RoleLook;
  readonly events: readonly RoleEvent[];
  readonly atMs: number;
}

export interface RemoteObserverOptions {
  readonly role: Role;
  readonly links: readonly AgentLink[];
  readonly key: TrialKey;
  /** Between live samples. */
  readonly liveMs: number;
  /** A target's own answers come with those of its observer. */
  readonly onReply: (reply: ReadReply) => void;
}

/**
 * Sees one role's kernels on other hosts. Marks are taken there, at a time of the controller's clock; between marks, agents
 * send samples that they took at the same moments, and a sample counts once all agents' parts of it have come.
 */
export class RemoteObserver implements Observer {
  readonly role: Role;
  readonly sampleMs: number;
  readonly #options: RemoteObserverOptions;
  readonly #parts = new Map<number, Map<string, RoleReading>>();
  #latest: CounterReading | null = null;
  #lastLine = 0;
  #looks: readonly SeenHost[] = [];
  #events: RoleEvent[] = [];
  #ports: PortReading | null = null;
  readonly #queues = new Map<string, QueueReading>();
  /** Lines of the grid that never were complete. */
  missed = 0;

  constructor(options: RemoteObserverOptions) {
    this.role = options.role;
    this.sampleMs = options.liveMs;
    this.#options = options;
  }

  /** A part of a live sample. Throws nothing: what is not understood is as if it had not come. */
  take(link: AgentLink, { seq, readings }: LiveMessage): void {
    const reading = readings.find(({ role }) => role === this.role);
    if (reading === undefined || seq <= this.#lastLine) return;
    if (reading.queues !== null) this.#queues.set(link.name, reading.queues);
    const parts = this.#parts.get(seq) ?? new Map<string, RoleReading>();
    parts.set(link.name, reading);
    this.#parts.set(seq, parts);
    if (parts.size === this.#options.links.length) this.#complete(seq, [...parts.values()]);
    if (this.#parts.size > LINES_KEPT) this.#parts.delete(Math.min(...this.#parts.keys()));
  }

  async lookAt(look: RemoteLook): Promise<CounterReading> {
    const before = this.#looks;
    this.#looks = await Promise.all(
      this.#options.links.map(async (link) => {
        const last = before.find((seen) => seen.link === link);
        // What a lost host counted last is all that is known of it.
        if (link.lost.aborted && last !== undefined) return { ...last, events: [] };
        return this.#ask(link, look);
      }),
    );
    this.#events.push(...this.#looks.flatMap(({ events }) => events));
    const atMs = Math.max(...this.#looks.map((seen) => seen.atMs));
    const seen = this.#looks.map(({ look: ofHost }) => ofHost);
    this.#takePorts(seen, atMs);
    const reading = { ...joinReadings(seen), atMs };
    this.#latest = reading;
    return reading;
  }

  readCounters(): CounterReading {
    if (this.#latest === null) throw new Error("a remote role is looked at before it is read");
    return this.#latest;
  }

  /** Those that came with the newest live sample that had any; each is given once. */
  readQueues(): QueueReading | null {
    const queues = [...this.#queues.values()];
    this.#queues.clear();
    return joinQueues(queues);
  }

  /** The newest dump that came, once: with a look, or between looks with the samples. */
  readPorts(): PortReading | null {
    const ports = this.#ports;
    this.#ports = null;
    return ports;
  }

  drainEvents(): readonly (Omit<TrialEvent, "tMs"> & { readonly atMs: number })[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }

  conclude(): readonly Warning[] {
    return joinWarnings(this.#looks.flatMap(({ look }) => look.warnings));
  }

  close(): void {
    this.#parts.clear();
  }

  async #ask(link: AgentLink, { atMs, marks }: RemoteLook): Promise<SeenHost> {
    const { key, onReply } = this.#options;
    const reply = await link.ask("read", {
      body: { key, role: this.role, atMs: link.toAgentMs(atMs), marks, full: true },
      schema: readReplySchema,
      withinMs: Math.max(0, atMs - link.nowMs()) + LOOK_MS_MAX,
      again: true,
    });
    onReply(reply);
    const look = reply.roles.find(({ role }) => role === this.role);
    if (look === undefined) {
      throw new ChurnError("E_AGENT", `${link.name} has no ${this.role} in this trial`);
    }
    const events = look.events.map((event) => {
      return { ...event, atMs: link.toControllerMs(event.atMs) };
    });
    return { link, look, events, atMs: link.toControllerMs(look.atMs) };
  }

  #takePorts(readings: readonly RoleReading[], atMs: number): void {
    const ports = joinPorts(readings.map((reading) => reading.ports));
    if (ports !== null) this.#ports = { ...ports, atMs };
  }

  #complete(seq: number, readings: readonly RoleReading[]): void {
    if (this.#lastLine !== 0) this.missed += seq - this.#lastLine - 1;
    this.#lastLine = seq;
    for (const line of this.#parts.keys()) if (line <= seq) this.#parts.delete(line);
    const atMs = seq * this.#options.liveMs;
    if (this.#latest?.atMs !== undefined && atMs <= this.#latest.atMs) return;
    this.#latest = { ...joinReadings(readings), atMs };
    this.#takePorts(readings, atMs);
  }
}
