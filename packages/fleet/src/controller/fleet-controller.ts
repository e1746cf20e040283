import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { ChurnError, type FleetSpec } from "@churnlab/core";
import { openClock } from "../clock/monotonic-clock.ts";
import { connectNats } from "../connect.ts";
import type { Access } from "../connection-options.ts";
import { isHeard } from "../follow-run.ts";
import { listen } from "../listen.ts";
import {
  type AgentDescription,
  type ControllerHeartbeat,
  heartbeatSchema,
} from "../messages/agent-description.ts";
import { formatVersion, PROTOCOL } from "../messages/envelope.ts";
import { liveMessageSchema } from "../messages/live-message.ts";
import type { TrialKey } from "../messages/trial-messages.ts";
import { requireProtection } from "../protection.ts";
import { sayOver } from "../say.ts";
import {
  agentLock,
  agentOf,
  controllerHeartbeatSubject,
  DEAD_MAN_MS,
  HEARTBEAT_MS,
  heartbeatSubject,
  inboxPrefix,
  liveSubject,
  targetLock,
} from "../subjects.ts";
import { AgentLink, type Asker, type LinkParts } from "./agent-link.ts";
import { askOnce } from "./ask-once.ts";
import { ClockLine } from "./clock-line.ts";
import { discoverAgents, type ForeignAgent } from "./discover-agents.ts";
import { FleetLocks } from "./fleet-locks.ts";
import { openJetStream } from "./open-jetstream.ts";
import { type PlacedSpec, type Placement, placeAgents } from "./place-agents.ts";
import { ResultCollector } from "./result-collector.ts";
import type { ResultLedger } from "./result-ledger.ts";
import { ResultsRoom } from "./results-room.ts";
import { describeReach } from "./suggest-agent.ts";

/** Whoever was found so long ago may have been started anew since. */
const FOUND_MS_MAX = 5000;
/** The dead-man's time of an agent that was cut off, and what it takes to restore. */
const RETURN_MS_MAX = DEAD_MAN_MS + 5000;
/** Between two attempts to have what a server lost, and how long a trial waits for it. */
const RECOVER_MS = 250;
const RECOVER_MS_MAX = 10_000;
/** What JetStream understands as an acknowledgement. */
const ACK = "+ACK";
const JUDGE_MS = HEARTBEAT_MS / 4;

export interface ControllerOptions {
  readonly access: Access;
  readonly churnlab: string;
  readonly run: string;
  /** Which pieces of results the run has. */
  readonly ledger: ResultLedger;
  /** One line for people. */
  readonly log?: (line: string) => void;
}

/** The agents of a placement, locked and listened to. */
export interface Crew {
  readonly loads: readonly {
    readonly link: AgentLink;
    readonly sources: number;
    readonly workers: number;
  }[];
  readonly target: AgentLink;
  readonly all: readonly AgentLink[];
}

/** One run's hold on its fleet: the connection, its heartbeat, its locks, its agents, and their results. */
export class FleetController implements AsyncDisposable {
  readonly results: ResultCollector;
  readonly #parts: LinkParts;
  readonly #access: Access;
  readonly #room: ResultsRoom;
  readonly #log: (line: string) => void;
  /** Agents of which something was not understood, and was told of. */
  readonly #strayed = new Set<string>();
  readonly #locks: FleetLocks;
  readonly #found: { readonly agents: readonly AgentDescription[]; readonly atMs: number };
  readonly #links = new Map<string, AgentLink>();
  readonly #held: AsyncDisposableStack;
  #online = true;
  #judgedAtMs = 0;

  /** Rejects with `E_NATS`. */
  static async open(options: ControllerOptions): Promise<FleetController> {
    const { access, churnlab, run, ledger, log = () => {} } = options;
    await using stack = new AsyncDisposableStack();
    const nc = stack.adopt(await connectNats(access), (connection) => connection.close());
    const own = { churnlab, run, holder: randomUUID() };
    // Looked for while the rest is set up: the first trial need not wait for them.
    const found = discoverAgents(nc, { ...own, log });
    found.catch(() => {}); // whoever needs it looks again
    const { js, jsm, locks: store } = await openJetStream(nc);
    const { holder } = own;
    const locks = stack.adopt(new FleetLocks(store, nc, { run, holder }), (held) => held.release());
    const clock = openClock();
    const asker: Asker = {
      ...own,
      fenceOf: (agent) => locks.fenceOf(agentLock(agent)),
      nowMs: () => clock.nowMs(),
    };
    const onLate = (agent: string, key: TrialKey): void => {
      const fence = asker.fenceOf(agent);
      const ask = { ...own, fence, agent, verb: "finish", body: { key } } as const;
      askOnce(nc, ask).catch(() => {}); // it asks again when it is started anew
    };
    // A piece that is not acknowledged is delivered again, and known then.
    const acknowledge = (delivery: string): void => {
      if (!nc.isClosed()) nc.publish(delivery, ACK);
    };
    const isAlive = (other: string): Promise<boolean> => isHeard(nc, { run: other, log });
    const room = new ResultsRoom({ jsm, run, isHeard: isAlive, log });
    const collector = { js, jsm, ledger, room, acknowledge, onLate };
    const results = stack.use(await ResultCollector.open(run, collector));
    const say = sayOver(nc, log);
    let seq = 0;
    const beat = (): void => {
      const heartbeat: ControllerHeartbeat = { run, holder, seq: seq++ };
      say(controllerHeartbeatSubject(run), heartbeat);
    };
    beat();
    const timer = setInterval(beat, HEARTBEAT_MS);
    stack.defer(() => clearInterval(timer));
    const clocks = stack.use(new ClockLine(nc, () => clock.nowMs(), inboxPrefix(access.name)));
    const { agents } = await found.catch(() => ({ agents: [] }));
    const parts = { access, nc, room, clocks, locks, results, asker, log, found: agents };
    return new FleetController({ ...parts, held: stack.move() });
  }

  private constructor(
    parts: LinkParts & {
      access: Access;
      room: ResultsRoom;
      locks: FleetLocks;
      results: ResultCollector;
      found: readonly AgentDescription[];
      log: (line: string) => void;
      held: AsyncDisposableStack;
    },
  ) {
    this.#parts = parts;
    this.#access = parts.access;
    this.#room = parts.room;
    this.#log = parts.log;
    this.#locks = parts.locks;
    this.#found = { agents: parts.found, atMs: parts.asker.nowMs() };
    this.#held = parts.held;
    this.results = parts.results;
    this.#listen();
    const timer = setInterval(() => this.#judge(), JUDGE_MS);
    this.#held.defer(() => clearInterval(timer));
    void this.#followConnection();
  }

  get #reach(): string {
    return describeReach(this.#access);
  }

  nowMs(): number {
    return this.#parts.asker.nowMs();
  }

  /** Finds, picks and locks the agents of a trial. Rejects with `E_FLEET`, `E_FLEET_VERSION`, `E_FLEET_LOCKED`. */
  async muster(fleet: FleetSpec, spec: PlacedSpec, signal: AbortSignal): Promise<Crew> {
    const placement =
      this.#reuse(fleet, spec, this.#known()) ?? (await this.#place(fleet, spec, signal));
    const loads = placement.loads.map(({ agent, ...part }) => ({
      link: this.#link(agent),
      ...part,
    }));
    const targetLink = this.#link(placement.target);
    const all = [targetLink, ...loads.map(({ link }) => link)];
    await this.#requireStreams(all.length);
    await this.#locks.acquireAll([
      targetLock(targetLink.name),
      ...all.map(({ name }) => agentLock(name)),
    ]);
    return { loads, target: targetLink, all };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#held.disposeAsync();
  }

  /** An agent that was lost may come back: it was frozen, cut off, or is being started anew. */
  async #place(fleet: FleetSpec, spec: PlacedSpec, signal: AbortSignal): Promise<Placement> {
    const hasLost = [...this.#links.values()].some(({ lost }) => lost.aborted);
    const untilMs = this.nowMs() + (hasLost ? RETURN_MS_MAX : 0);
    for (;;) {
      const { churnlab, run, holder } = this.#parts.asker;
      const asker = { churnlab, run, holder, log: this.#log };
      const { agents, foreign } = await discoverAgents(this.#parts.nc, asker);
      try {
        return placeAgents(fleet, agents, { ...spec, reach: this.#reach });
      } catch (error) {
        if (signal.aborted || this.nowMs() >= untilMs) throw this.#explainLack(error, foreign);
      }
      await sleep(HEARTBEAT_MS, undefined, { signal }).catch(() => {});
    }
  }

  /** Who needs not be looked for: those of earlier trials that live, before the first those that were just found. */
  #known(): readonly AgentDescription[] {
    const living = [...this.#links.values()].filter(({ lost }) => !lost.aborted);
    if (this.#links.size > 0) return living.map(({ description }) => description);
    return this.nowMs() - this.#found.atMs <= FOUND_MS_MAX ? this.#found.agents : [];
  }

  /** null: among these there is no placement. */
  #reuse(fleet: FleetSpec, spec: PlacedSpec, known: readonly AgentDescription[]): Placement | null {
    try {
      return placeAgents(fleet, known, { ...spec, reach: this.#reach });
    } catch {
      return null;
    }
  }

  #link(description: AgentDescription): AgentLink {
    const known = this.#links.get(description.name);
    if (known !== undefined && !known.lost.aborted) return known;
    const link = new AgentLink(this.#parts, description);
    this.#links.set(link.name, link);
    return link;
  }

  /** Where agents are missing, and some are of another version, that is why. */
  #explainLack(error: unknown, [first, ...others]: readonly ForeignAgent[]): unknown {
    if (first === undefined) return error;
    const more = others.length === 0 ? "" : `, and ${others.length} more are of another version`;
    const { churnlab } = this.#parts.asker;
    const own = formatVersion({ churnlab, protocol: PROTOCOL });
    return new ChurnError(
      "E_FLEET_VERSION",
      `The agent ${first.name} is churnlab ${first.version}${more}, this is ${own}`,
      { hint: "Install the same version on both.", cause: error },
    );
  }

  #listen(): void {
    const onStray = (subject: string, why: unknown): void => this.#noteStray(subject, why);
    const beats = { subject: heartbeatSubject("*"), schema: heartbeatSchema, onStray };
    listen(this.#parts.nc, beats, (heartbeat, subject) => {
      this.#links.get(agentOf(subject))?.hear(heartbeat);
    });
    const live = { subject: liveSubject("*"), schema: liveMessageSchema, onStray };
    listen(this.#parts.nc, live, (message, subject) => {
      this.#links.get(agentOf(subject))?.onLive(message);
    });
  }

  /** Told once of each agent: one that goes on so says the same every second. */
  #noteStray(subject: string, why: unknown): void {
    const agent = agentOf(subject);
    if (this.#strayed.has(agent)) return;
    this.#strayed.add(agent);
    const text = why instanceof Error ? why.message : String(why);
    this.#log(`what ${agent} says on ${subject} is not understood, and not heard: ${text}`);
  }

  /** After a pause of this process itself, heartbeats wait to be read: whoever is silent then is judged the next time. */
  #judge(): void {
    const nowMs = this.nowMs();
    const pausedMs = nowMs - this.#judgedAtMs - JUDGE_MS;
    this.#judgedAtMs = nowMs;
    if (pausedMs > JUDGE_MS) return;
    for (const link of this.#links.values()) {
      if (this.#online) link.judge();
      else link.excuse();
    }
  }

  async #followConnection(): Promise<void> {
    for await (const { type } of this.#parts.nc.status()) {
      if (type === "disconnect") this.#online = false;
      if (type === "reconnect") {
        if (await this.#hasLostProtection()) break;
        for (const link of this.#links.values()) link.reconnect();
        this.#online = true;
        void this.#recover();
      }
    }
    // Closed for good: by this side when the run is over, or because the server no longer knows the key.
    for (const link of this.#links.values()) link.lose("The connection to the server is over");
  }

  /** A server that comes back unprotected is not the one that was trusted: nothing more is said to it. */
  async #hasLostProtection(): Promise<boolean> {
    const { nc } = this.#parts;
    try {
      requireProtection(nc, this.#access);
      return false;
    } catch (error) {
      this.#log((error as Error).message);
      await nc.close();
      return true;
    }
  }

  /** A server that is back may have lost its files: what results and locks need is made again, before a trial misses it. */
  async #recover(): Promise<void> {
    while (this.#online && !this.#parts.nc.isClosed()) {
      try {
        return await this.#renew();
      } catch {
        await sleep(RECOVER_MS); // JetStream is not up yet
      }
    }
  }

  async #renew(): Promise<void> {
    await this.results.reopen();
    await this.#locks.check();
  }

  /** Before a trial: its locks are still held, and its results will be taken. */
  async #requireStreams(agents: number): Promise<void> {
    const untilMs = this.nowMs() + RECOVER_MS_MAX;
    for (;;) {
      try {
        await this.#renew();
        await this.#room.require(agents);
        return;
      } catch (error) {
        if (error instanceof ChurnError) throw error;
        if (this.#parts.nc.isClosed() || this.nowMs() >= untilMs) throw explainAway(error);
        await sleep(RECOVER_MS);
      }
    }
  }
}

function explainAway(cause: unknown): ChurnError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new ChurnError("E_NATS", `The server's JetStream does not answer: ${why}`, { cause });
}
