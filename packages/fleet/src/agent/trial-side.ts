import { setTimeout as sleep } from "node:timers/promises";
import {
  type ArmedShard,
  ChurnError,
  type Observer,
  type ShardReport,
  type TrialSpec,
} from "@churnlab/core";
import type { LoadSide, SideBuilder, TargetSide } from "@churnlab/testbed";
import type { MonotonicClock } from "../clock/monotonic-clock.ts";
import { toPlainHistogram } from "../histogram-codec.ts";
import type { AgentState } from "../messages/agent-description.ts";
import type { LiveLoad } from "../messages/live-message.ts";
import type {
  ArmRequest,
  PrepareReply,
  PrepareRequest,
  ReadReply,
  ReadRequest,
  RoleEvent,
  RoleLook,
  RoleReading,
  TargetLook,
  TrialKey,
} from "../messages/trial-messages.ts";
import { awaitCleanState } from "./await-clean-state.ts";

/** A gateway has its upstream beside it. */
function targetAddresses({ topology }: Pick<TrialSpec, "topology">): number {
  return topology === "gateway" ? 2 : 1;
}

/** What costs more than counters, as far as it is wanted. */
interface ReadingParts {
  readonly queues: boolean;
  readonly ports: boolean;
}

/** What builds sides: the testbed, or a simulation of it. */
export type SideMaker = Pick<SideBuilder, "buildLoad" | "buildTarget">;

export interface SideOptions {
  readonly name: string;
  readonly addresses: readonly string[];
  readonly builder: SideMaker;
  readonly clock: MonotonicClock;
}

/** An agent's side of one attempt at a trial, from `prepare` to `restore`. */
export class TrialSide implements AsyncDisposable {
  readonly key: TrialKey;
  readonly #clock: MonotonicClock;
  readonly #side: LoadSide | TargetSide;
  readonly #name: string;
  #shard: ArmedShard | null = null;
  #running = false;

  /** Rejects with the signal's reason once it is aborted: nothing is left of the side then. */
  static async build(
    request: PrepareRequest,
    options: SideOptions,
    signal: AbortSignal,
  ): Promise<TrialSide> {
    const { spec, part, sources, workers, peers, key } = request;
    const { builder, name } = options;
    const needed = part === "load" ? sources : targetAddresses(spec);
    const addresses = options.addresses.slice(0, needed);
    if (addresses.length < needed) {
      throw new ChurnError("E_FLEET", `${name} has ${addresses.length} addresses, not ${needed}`);
    }
    const plan = { spec, addresses, peers };
    await using stack = new AsyncDisposableStack();
    const side = stack.use(
      part === "load"
        ? await builder.buildLoad(plan, { name, workers })
        : await builder.buildTarget(plan, signal),
    );
    await awaitCleanState(side.observers, signal);
    signal.throwIfAborted();
    stack.move();
    return new TrialSide(key, side, options);
  }

  private constructor(key: TrialKey, side: LoadSide | TargetSide, { clock, name }: SideOptions) {
    this.key = key;
    this.#side = side;
    this.#clock = clock;
    this.#name = name;
  }

  get state(): AgentState {
    if (this.#running) return "running";
    return this.#shard === null ? "prepared" : "armed";
  }

  /** How its load does so far; null where it has none. Latencies are given once: to who asks for them. */
  live({ latencies }: { readonly latencies: boolean }): LiveLoad | null {
    const shard = this.#shard;
    if (shard === null) return null;
    return {
      tally: shard.live(),
      engine: shard.engine ?? null,
      cpuUs: shard.readCpuUs?.() ?? null,
      latencies: latencies ? (shard.takeLatencies?.() ?? []).map(toPlainHistogram) : [],
    };
  }

  get targetEnded(): string | null {
    return "target" in this.#side ? this.#side.target.ended() : null;
  }

  describe(): PrepareReply {
    const { sysctls, facts, warnings } = this.#side;
    const target = "target" in this.#side ? this.#side.target.address : null;
    return { sysctls, facts, warnings, target };
  }

  async arm({ key, seed, workload, phases, target, share }: ArmRequest): Promise<void> {
    if (!("agent" in this.#side)) throw new ChurnError("E_AGENT", `${this.#name} offers no load`);
    const shard = { trialId: key.trial, seed, workload, phases, target, share };
    this.#shard = await this.#side.agent.arm(shard);
  }

  /** How much time is left before the start, on this agent's clock; negative when it came too late. */
  leadMs(startAtMs: number): number {
    return startAtMs - this.#clock.nowMs();
  }

  /** Runs the armed shard from the start on. */
  async run(startAtMs: number): Promise<ShardReport> {
    const shard = this.#shard;
    if (shard === null)
      throw new ChurnError("E_AGENT", `${this.#name} was started before it was armed`);
    this.#running = true;
    try {
      return await shard.run(this.#clock.toLocalMs(startAtMs));
    } finally {
      this.#running = false;
    }
  }

  stop(): void {
    this.#shard?.stop();
  }

  /** Counters and gauges of its hosts, now, with what costs more where it is asked for. */
  readCounters(parts: ReadingParts): RoleReading[] {
    return this.#side.observers.map((observer) => this.#read(observer, parts));
  }

  /** A look at one role, at a time of this agent's clock. */
  async look({ role, atMs, marks, full }: ReadRequest): Promise<ReadReply> {
    const waitMs = atMs === null ? 0 : atMs - this.#clock.nowMs();
    if (waitMs > 0) await sleep(waitMs);
    const ofTarget = role === "target" && "target" in this.#side ? this.#side : null;
    if (marks) ofTarget?.target.markMeasure?.();
    const observers = this.#side.observers.filter((observer) => observer.role === role);
    const readings = observers.map((observer) => ({
      observer,
      reading: this.#read(observer, { queues: false, ports: full }),
    }));
    return {
      roles: readings.map(({ observer, reading }) => this.#lookAt(observer, reading)),
      target: ofTarget === null ? null : await this.#lookAtTarget(ofTarget, full),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
    await this.#side[Symbol.asyncDispose]();
  }

  #read(observer: Observer, { queues, ports }: ReadingParts): RoleReading {
    const { gauges, counters } = observer.readCounters();
    const atMs = this.#clock.nowMs();
    return {
      role: observer.role,
      atMs,
      gauges,
      counters,
      queues: queues ? observer.readQueues() : null,
      ports: ports ? observer.readPorts() : null,
    };
  }

  #lookAt(observer: Observer, reading: RoleReading): RoleLook {
    const events = observer.drainEvents().map((event): RoleEvent => {
      return { ...event, atMs: this.#clock.fromLocalMs(event.atMs) };
    });
    return {
      ...reading,
      events,
      warnings: observer.conclude(),
    };
  }

  async #lookAtTarget({ target }: TargetSide, full: boolean): Promise<TargetLook> {
    return {
      ended: target.ended(),
      keptOpen: target.keptOpen?.() ?? 0,
      measurements: full ? await target.measure() : [],
      log: full ? (target.readLog?.() ?? "") : "",
    };
  }
}
