import { setTimeout as sleep } from "node:timers/promises";
import {
  ChurnError,
  type CounterReading,
  type Observer,
  type PortReading,
  type QueueReading,
  type RemoteLook,
  type Role,
  type TimedEvent,
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
/**
 * So long before its time a look is asked for. A server lets an agent answer for a while only (`allow_responses`): what is asked at
 * the start of a long warm-up could not be answered at its end.
 */
const LOOK_LEAD_MS = 2000;
/** Lines of the live grid that are kept for agents that are late. */
const LINES_KEPT = 16;

type Counters = CounterReading["counters"];

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
 * send samples that they took at the same moments, and a sample counts once the parts of all agents that are not lost have
 * come. A lost host's counters stay what they last were said to be; its gauges are known no more, and nobody's.
 */
export class RemoteObserver implements Observer {
  readonly role: Role;
  readonly sampleMs: number;
  readonly #options: RemoteObserverOptions;
  readonly #parts = new Map<number, Map<AgentLink, RoleReading>>();
  /** What each host counted when it was last heard of, by a sample or a look. */
  readonly #counted = new Map<AgentLink, Counters>();
  #latest: CounterReading | null = null;
  #lastLine = 0;
  #looks: readonly SeenHost[] = [];
  #events: RoleEvent[] = [];
  #ports: PortReading | null = null;
  readonly #queues = new Map<string, QueueReading>();
  readonly #closed = new AbortController();
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
    // One that was lost and comes back has no part in this trial any more.
    if (reading === undefined || seq <= this.#lastLine || link.lost.aborted) return;
    if (reading.queues !== null) this.#queues.set(link.name, reading.queues);
    this.#counted.set(link, reading.counters);
    const parts = this.#parts.get(seq) ?? new Map<AgentLink, RoleReading>();
    parts.set(link, reading);
    this.#parts.set(seq, parts);
    if (this.#isWhole(parts)) this.#complete(seq, parts);
    else if (this.#parts.size > LINES_KEPT) this.#pass(Math.min(...this.#parts.keys()), 1);
  }

  async lookAt(look: RemoteLook): Promise<CounterReading> {
    const before = new Map(this.#looks.map((seen) => [seen.link, seen]));
    this.#looks = await Promise.all(
      this.#options.links.map(async (link) => {
        const last = before.get(link);
        try {
          if (!link.lost.aborted || last === undefined) return await this.#ask(link, look);
        } catch (error) {
          if (!link.lost.aborted || last === undefined) throw error;
        }
        return this.#recall(last);
      }),
    );
    this.#events.push(...this.#looks.flatMap(({ events }) => events));
    const atMs = Math.max(...this.#looks.map((seen) => seen.atMs));
    const seen = livingFirst(this.#looks).map(({ look: ofHost }) => ofHost);
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

  takeEvents(): readonly TimedEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }

  conclude(): readonly Warning[] {
    return joinWarnings(this.#looks.flatMap(({ look }) => look.warnings));
  }

  /** Looks that are still to come are not taken any more. */
  close(): void {
    this.#parts.clear();
    this.#closed.abort();
  }

  async #ask(link: AgentLink, { atMs, marks }: RemoteLook): Promise<SeenHost> {
    const { key, onReply } = this.#options;
    const earlyMs = atMs - LOOK_LEAD_MS - link.nowMs();
    if (earlyMs > 0) {
      await link.unlessLost(sleep(earlyMs, undefined, { signal: this.#closed.signal }));
    }
    const reply = await link.ask("read", {
      body: { key, role: this.role, atMs: link.toAgentMs(atMs), marks },
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
    this.#counted.set(link, look.counters);
    return { link, look, events, atMs: link.toControllerMs(look.atMs) };
  }

  /** What there still is of a host that was lost since this look. */
  #recall({ link, look, atMs }: SeenHost): SeenHost {
    const counters = this.#counted.get(link) ?? look.counters;
    const known = { ...look, gauges: {}, counters, queues: null, ports: null };
    return { link, look: known, events: [], atMs };
  }

  #takePorts(readings: readonly RoleReading[], atMs: number): void {
    const ports = joinPorts(readings.map((reading) => reading.ports));
    if (ports !== null) this.#ports = { ...ports, atMs };
  }

  #isWhole(parts: ReadonlyMap<AgentLink, RoleReading>): boolean {
    if (parts.size === this.#options.links.length) return true;
    return this.#options.links.every((link) => parts.has(link) || link.lost.aborted);
  }

  #complete(seq: number, parts: ReadonlyMap<AgentLink, RoleReading>): void {
    this.#pass(seq, 0);
    const atMs = seq * this.#options.liveMs;
    if (this.#latest?.atMs !== undefined && atMs <= this.#latest.atMs) return;
    const lost = this.#options.links.filter((link) => !parts.has(link));
    const recalled = lost.map((link) => ({
      gauges: {},
      counters: this.#counted.get(link) ?? {},
    }));
    const readings = [...parts.values()];
    this.#latest = { ...joinReadings([...readings, ...recalled]), atMs };
    this.#takePorts(readings, atMs);
  }

  /** No line up to this one is waited for any longer; of those since the last, `missed` includes itself or not. */
  #pass(seq: number, own: 0 | 1): void {
    const before = this.#lastLine === 0 ? 0 : seq - this.#lastLine - 1;
    this.missed += before + own;
    this.#lastLine = seq;
    for (const line of this.#parts.keys()) if (line <= seq) this.#parts.delete(line);
  }
}

/** What the kernel has for its whole machine is taken of the first: of one that can still be seen. */
function livingFirst(hosts: readonly SeenHost[]): SeenHost[] {
  return hosts.toSorted((a, b) => Number(a.link.lost.aborted) - Number(b.link.lost.aborted));
}
