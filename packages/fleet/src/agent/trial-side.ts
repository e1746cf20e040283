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
import { packHistogram } from "../histogram-codec.ts";
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
import { LOAD_END_MS_MAX } from "../subjects.ts";
import { awaitCleanState } from "./await-clean-state.ts";

/** Where a side is in its one use. */
type Stage = Exclude<AgentState, "idle"> | "arming";

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
  readonly #workers: number;
  /** prepared → arming → armed → running → done. It never goes back: a second shard would be load beside the first. */
  #stage: Stage = "prepared";
  #shard: ArmedShard | null = null;
  #running: Promise<unknown> = Promise.resolve();
  #untilMs: number | null = null;
  /** Aborted when it is taken down: nothing of its hosts is read afterwards. */
  readonly #over = new AbortController();

  /** Rejects with the signal's reason once it is aborted: nothing is left of the side then. */
  static async build(
    request: PrepareRequest,
    options: SideOptions,
    signal: AbortSignal,
  ): Promise<TrialSide> {
    const { spec, part, sources, workers, peers } = request;
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
    return new TrialSide(request, side, options);
  }

  private constructor(
    { key, workers }: Pick<PrepareRequest, "key" | "workers">,
    side: LoadSide | TargetSide,
    { clock, name }: SideOptions,
  ) {
    this.key = key;
    this.#workers = workers;
    this.#side = side;
    this.#clock = clock;
    this.#name = name;
  }

  get state(): AgentState {
    return this.#stage === "arming" ? "prepared" : this.#stage;
  }

  /** How its load does so far; null where it has none. Latencies are given once: to who asks for them. */
  live({ latencies }: { readonly latencies: boolean }): LiveLoad | null {
    const shard = this.#shard;
    if (shard === null) return null;
    return {
      tally: shard.live(),
      engine: shard.engine ?? null,
      cpuUs: shard.readCpuUs?.() ?? null,
      latencies: latencies ? (shard.takeLatencies?.() ?? []).map(packHistogram) : [],
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

  /** Once for a side. Rejects with `E_AGENT` for a second shard, and for one of more workers than were prepared. */
  async arm({ key, seed, workload, phases, target, share }: ArmRequest): Promise<void> {
    if (!("agent" in this.#side)) throw new ChurnError("E_AGENT", `${this.#name} offers no load`);
    this.#require("prepared", "armed");
    if (share.count > this.#workers) {
      throw new ChurnError(
        "E_AGENT",
        `${this.#name} prepared ${this.#workers} workers for the trial, not ${share.count}`,
      );
    }
    this.#stage = "arming";
    const shard = { trialId: key.trial, seed, workload, phases, target, share };
    try {
      this.#shard = await this.#side.agent.arm(shard);
    } catch (error) {
      this.#stage = "prepared";
      throw error;
    }
    if (this.#untilMs !== null) this.#shard.keepUntil?.(this.#untilMs);
    this.#stage = "armed";
    if (!this.#over.signal.aborted) return;
    this.stop();
    throw new ChurnError("E_AGENT", `The side of ${this.#name} was taken down while it was armed`);
  }

  /** How much time is left before the start, on this agent's clock; negative when it came too late. */
  leadMs(startAtMs: number): number {
    return startAtMs - this.#clock.nowMs();
  }

  /** Runs the armed shard from the start on, once. Throws `E_AGENT` where there is none that waits for it. */
  run(startAtMs: number): Promise<ShardReport> {
    const shard = this.#shard;
    this.#require("armed", "started");
    if (shard === null) throw new Error("an armed side has a shard");
    this.#stage = "running";
    const report = shard.run(this.#clock.toLocalMs(startAtMs)).finally(() => {
      this.#stage = "done";
    });
    this.#running = report.catch(() => {}); // told to who has the report
    return report;
  }

  /** Its load begins nothing after this time of CLOCK_BOOTTIME, unless it is kept for longer by then. */
  keepUntil(bootMs: number): void {
    this.#untilMs = bootMs;
    this.#shard?.keepUntil?.(bootMs);
  }

  stop(): void {
    this.#shard?.stop();
  }

  /** Counters and gauges of its hosts, now, with what costs more where it is asked for. */
  readCounters(parts: ReadingParts): RoleReading[] {
    return this.#side.observers.map((observer) => this.#read(observer, parts));
  }

  /** A look at one role, at a time of this agent's clock. Rejects with `E_AGENT` once it is taken down, also while it waits. */
  async look({ role, atMs, marks }: ReadRequest): Promise<ReadReply> {
    const { signal } = this.#over;
    const waitMs = atMs === null ? 0 : atMs - this.#clock.nowMs();
    if (waitMs > 0) await sleep(waitMs, undefined, { signal }).catch(() => {});
    if (signal.aborted) {
      throw new ChurnError("E_AGENT", `The side of ${this.#name} was taken down before the look`);
    }
    const ofTarget = role === "target" && "target" in this.#side ? this.#side : null;
    const marked = marks ? ofTarget?.target.markMeasure?.() : undefined;
    const observers = this.#side.observers.filter((observer) => observer.role === role);
    const readings = observers.map((observer) => ({
      observer,
      reading: this.#read(observer, { queues: false, ports: true }),
    }));
    await marked; // a load without a warm-up begins after this
    return {
      roles: readings.map(({ observer, reading }) => this.#lookAt(observer, reading)),
      target: ofTarget === null ? null : await this.#lookAtTarget(ofTarget),
    };
  }

  /** Its load has ended, connections and all, before anything of its hosts is put back. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort();
    this.stop();
    const patience = new AbortController();
    const waited = sleep(LOAD_END_MS_MAX, undefined, { signal: patience.signal }).catch(() => {});
    await Promise.race([this.#running, waited]);
    patience.abort();
    await this.#side[Symbol.asyncDispose]();
  }

  #require(stage: Stage, to: string): void {
    const isOver = this.#over.signal.aborted;
    if (this.#stage === stage && !isOver) return;
    throw new ChurnError(
      "E_AGENT",
      `${this.#name} can be ${to} once it is ${stage}, and once for a trial: it is ${isOver ? "taken down" : this.#stage}`,
    );
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
    const events = observer.takeEvents().map((event): RoleEvent => {
      return { ...event, atMs: this.#clock.fromLocalMs(event.atMs) };
    });
    return {
      ...reading,
      events,
      warnings: observer.conclude(),
    };
  }

  async #lookAtTarget({ target }: TargetSide): Promise<TargetLook> {
    return {
      ended: target.ended(),
      keptOpen: target.keptOpen?.() ?? 0,
      measurements: await target.measure(),
      log: target.readLog?.() ?? "",
      warnings: [...(target.conclude?.() ?? [])],
    };
  }
}
