import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { ChurnError, type FleetSpec } from "@churnlab/core";
import { Svcm } from "@nats-io/services";
import type { NatsConnection } from "@nats-io/transport-node";
import { openClock } from "../clock/monotonic-clock.ts";
import { connectNats } from "../connect.ts";
import type { Access } from "../connection-options.ts";
import { decodeMessage, encodeMessage } from "../message-codec.ts";
import {
  type AgentDescription,
  agentDescriptionSchema,
  heartbeatSchema,
} from "../messages/agent-description.ts";
import { PROTOCOL, type Request, replySchema } from "../messages/envelope.ts";
import { liveMessageSchema } from "../messages/live-message.ts";
import type { TrialKey } from "../messages/trial-messages.ts";
import {
  AGENT_SERVICE,
  agentLock,
  controllerHeartbeatSubject,
  DEAD_MAN_MS,
  HEARTBEAT_MS,
  heartbeatSubject,
  liveSubject,
  targetLock,
  type Verb,
  verbSubject,
} from "../subjects.ts";
import { AgentLink, type Asker } from "./agent-link.ts";
import { FleetLocks } from "./fleet-locks.ts";
import { openJetStream } from "./open-jetstream.ts";
import { type PlacedSpec, type Placement, placeAgents } from "./place-agents.ts";
import { ResultCollector } from "./result-collector.ts";
import type { ResultLedger } from "./result-ledger.ts";

/** After the last answer of an agent, none is waited for any longer. */
const DISCOVERY_STALL_MS = 300;
const DISCOVERY_MS_MAX = 3000;
const ANSWER_MS_MAX = 2000;
/** The dead-man's time of an agent that was cut off, and what it takes to restore. */
const RETURN_MS_MAX = DEAD_MAN_MS + 5000;
const JUDGE_MS = HEARTBEAT_MS / 4;

export interface ControllerOptions {
  readonly access: Access;
  readonly churnlab: string;
  readonly run: string;
  /** Which pieces of results the run has. */
  readonly ledger: ResultLedger;
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
  readonly #nc: NatsConnection;
  readonly #locks: FleetLocks;
  readonly #asker: Asker;
  readonly #links = new Map<string, AgentLink>();
  readonly #held: AsyncDisposableStack;
  #online = true;
  #judgedAtMs = 0;

  /** Rejects with `E_NATS`. */
  static async open(options: ControllerOptions): Promise<FleetController> {
    const { access, churnlab, run, ledger } = options;
    await using stack = new AsyncDisposableStack();
    const nc = stack.adopt(await connectNats(access), (connection) => connection.close());
    const { js, jsm, locks: kv } = await openJetStream(nc);
    const holder = randomUUID();
    const locks = stack.adopt(new FleetLocks(kv, nc, { run, holder }), (held) => held.release());
    const clock = openClock();
    const asker: Asker = {
      churnlab,
      run,
      epoch: () => locks.epoch,
      nowMs: () => clock.nowMs(),
    };
    const onLate = (agent: string, key: TrialKey): void => {
      const ask = { ...asker, agent, verb: "finish", body: { key } } as const;
      requestOnce(nc, ask).catch(() => {}); // it asks again when it is started anew
    };
    const results = stack.use(await ResultCollector.open(run, { js, jsm, ledger, onLate }));
    let seq = 0;
    const beat = (): void => {
      const heartbeat = { run, holder, epoch: locks.epoch, seq: seq++ };
      nc.publish(controllerHeartbeatSubject(run), encodeMessage(heartbeat));
    };
    beat();
    const timer = setInterval(beat, HEARTBEAT_MS);
    stack.defer(() => clearInterval(timer));
    return new FleetController({ nc, locks, results, asker, held: stack.move() });
  }

  private constructor(parts: {
    nc: NatsConnection;
    locks: FleetLocks;
    results: ResultCollector;
    asker: Asker;
    held: AsyncDisposableStack;
  }) {
    this.#nc = parts.nc;
    this.#locks = parts.locks;
    this.#asker = parts.asker;
    this.#held = parts.held;
    this.results = parts.results;
    this.#listen();
    const timer = setInterval(() => this.#judge(), JUDGE_MS);
    this.#held.defer(() => clearInterval(timer));
    void this.#followConnection();
  }

  nowMs(): number {
    return this.#asker.nowMs();
  }

  /** The highest epoch of its locks: 0 before it has any. */
  get epoch(): number {
    return this.#locks.epoch;
  }

  /** Finds, picks and locks the agents of a trial. Rejects with `E_FLEET`, `E_FLEET_VERSION`, `E_FLEET_LOCKED`. */
  async muster(fleet: FleetSpec, spec: PlacedSpec, signal: AbortSignal): Promise<Crew> {
    const placement = this.#reuse(fleet, spec) ?? (await this.#place(fleet, spec, signal));
    const loads = placement.loads.map(({ agent, ...part }) => ({
      link: this.#link(agent),
      ...part,
    }));
    const targetLink = this.#link(placement.target);
    const all = [targetLink, ...loads.map(({ link }) => link)];
    for (const { description } of all) this.#requireVersion(description);
    await this.#locks.acquire(targetLock(targetLink.name));
    await Promise.all(all.map(({ name }) => this.#locks.acquire(agentLock(name))));
    return { loads, target: targetLink, all };
  }

  /** Every agent that answers. */
  async discover(): Promise<AgentDescription[]> {
    const names: string[] = [];
    const client = new Svcm(this.#nc).client({
      strategy: "stall",
      stall: DISCOVERY_STALL_MS,
      maxWait: DISCOVERY_MS_MAX,
    });
    try {
      for await (const { metadata } of await client.info(AGENT_SERVICE)) {
        names.push(metadata?.["agent"] ?? "");
      }
    } catch (error) {
      // No responders: nobody offers the service.
      if (!(error instanceof Error) || !/no.?responders/i.test(`${error.name} ${error.message}`)) {
        throw error;
      }
    }
    // Whoever may be asked may say any name: the answer then comes from the agent that has it, once.
    const described = await Promise.allSettled(
      [...new Set(names)].map((name) => this.#describe(name)),
    );
    return described.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#held.disposeAsync();
  }

  async #describe(name: string): Promise<AgentDescription> {
    const ask = {
      ...this.#asker,
      epoch: () => 0,
      agent: name,
      verb: "describe",
      body: null,
    } as const;
    return agentDescriptionSchema.parse(await requestOnce(this.#nc, ask));
  }

  /** An agent that was lost may come back: it was frozen, cut off, or is being started anew. */
  async #place(fleet: FleetSpec, spec: PlacedSpec, signal: AbortSignal): Promise<Placement> {
    const hasLost = [...this.#links.values()].some(({ lost }) => lost.aborted);
    const untilMs = this.nowMs() + (hasLost ? RETURN_MS_MAX : 0);
    for (;;) {
      const agents = await this.discover();
      try {
        return placeAgents(fleet, agents, spec);
      } catch (error) {
        if (signal.aborted || this.nowMs() >= untilMs) throw error;
      }
      await sleep(HEARTBEAT_MS, undefined, { signal }).catch(() => {});
    }
  }

  /** The placement of the same wish again, while all its agents live: without a look around. */
  #reuse(fleet: FleetSpec, spec: PlacedSpec): Placement | null {
    const living = [...this.#links.values()].filter(({ lost }) => !lost.aborted);
    try {
      return placeAgents(
        fleet,
        living.map(({ description }) => description),
        spec,
      );
    } catch {
      return null;
    }
  }

  #link(description: AgentDescription): AgentLink {
    const known = this.#links.get(description.name);
    if (known !== undefined && !known.lost.aborted) return known;
    const link = new AgentLink(this.#nc, this.#asker, description);
    this.#links.set(link.name, link);
    return link;
  }

  #requireVersion({ name, churnlab, protocol }: AgentDescription): void {
    const own = this.#asker.churnlab;
    if (churnlab === own && protocol === PROTOCOL) return;
    throw new ChurnError(
      "E_FLEET_VERSION",
      `The agent ${name} is churnlab ${churnlab} (protocol ${protocol}), this is ${own} (protocol ${PROTOCOL})`,
      { hint: "Install the same version on both." },
    );
  }

  #listen(): void {
    this.#nc.subscribe(heartbeatSubject("*"), {
      callback: (error, message) => {
        if (error !== null) return;
        const [, , name = ""] = message.subject.split(".");
        this.#links.get(name)?.hear(decodeMessage(message.data, heartbeatSchema));
      },
    });
    this.#nc.subscribe(liveSubject("*"), {
      callback: (error, message) => {
        if (error !== null) return;
        const [, , name = ""] = message.subject.split(".");
        this.#links.get(name)?.onLive(decodeMessage(message.data, liveMessageSchema));
      },
    });
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
    for await (const { type } of this.#nc.status()) {
      if (type === "disconnect") this.#online = false;
      if (type === "reconnect") {
        for (const link of this.#links.values()) link.excuse();
        this.#online = true;
      }
    }
  }
}

/** Asks an agent that there may be no link with. */
async function requestOnce(
  nc: NatsConnection,
  ask: Asker & { readonly agent: string; readonly verb: Verb; readonly body: unknown },
): Promise<unknown> {
  const { churnlab, run, epoch, agent, verb, body } = ask;
  const request: Request = { protocol: PROTOCOL, churnlab, run, epoch: epoch(), body };
  const { data } = await nc.request(verbSubject(agent, verb), encodeMessage(request), {
    timeout: ANSWER_MS_MAX,
  });
  const reply = decodeMessage(data, replySchema);
  if (!reply.ok) throw new ChurnError("E_AGENT", reply.message);
  return reply.body;
}
