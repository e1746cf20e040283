import { setTimeout as sleep } from "node:timers/promises";
import { type ArmedShard, ChurnError, type Observer, type ShardReport } from "@churnlab/core";
import type { LoadSide, SideBuilder, TargetSide } from "@churnlab/testbed";
import type { MonotonicClock } from "../clock/monotonic-clock.ts";
import type { AgentState } from "../messages/agent-description.ts";
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
    const addresses = options.addresses.slice(0, part === "load" ? sources : 1);
    if (part === "load" && addresses.length < sources) {
      throw new ChurnError("E_FLEET", `${name} has ${addresses.length} addresses, not ${sources}`);
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

  /** Counters so far of its load; null where it has none. */
  live(): ReturnType<ArmedShard["live"]> | null {
    return this.#shard?.live() ?? null;
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

  /** Counters and gauges of its hosts, now, and their queues where they are asked for. */
  readCounters({ queues }: { readonly queues: boolean }): RoleReading[] {
    return this.#side.observers.map((observer) => {
      return { ...this.#read(observer), queues: queues ? observer.readQueues() : null };
    });
  }

  /** A look at a time of this agent's clock. */
  async look({ atMs, marks, full }: ReadRequest): Promise<ReadReply> {
    const waitMs = atMs === null ? 0 : atMs - this.#clock.nowMs();
    if (waitMs > 0) await sleep(waitMs);
    if (marks && "target" in this.#side) this.#side.target.markMeasure?.();
    const readings = this.readCounters({ queues: false });
    return {
      roles: this.#side.observers.map((observer, i) =>
        this.#lookAt(observer, readings[i] as RoleReading, full),
      ),
      target: "target" in this.#side ? await this.#lookAtTarget(this.#side, full) : null,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
    await this.#side[Symbol.asyncDispose]();
  }

  #read(observer: Observer): RoleReading {
    const { gauges, counters } = observer.readCounters();
    return { role: observer.role, atMs: this.#clock.nowMs(), gauges, counters, queues: null };
  }

  #lookAt(observer: Observer, reading: RoleReading, full: boolean): RoleLook {
    const events = observer.drainEvents().map((event): RoleEvent => {
      return { ...event, atMs: this.#clock.fromLocalMs(event.atMs) };
    });
    return {
      ...reading,
      ports: full ? observer.readPorts() : null,
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

/** TCP_TIMEWAIT_LEN and the slack of its timers, net/ipv4/inet_timewait_sock.c. */
const TIME_WAIT_MS_MAX = 65_000;
const TIME_WAIT_POLL_MS = 100;

/**
 * Waits until TIME_WAIT of an earlier trial is over: a namespace that is not of this trial alone keeps it. What stays longer is
 * not ours, and the trial says so.
 */
async function awaitCleanState(observers: readonly Observer[], signal: AbortSignal): Promise<void> {
  const untilMs = performance.now() + TIME_WAIT_MS_MAX;
  const isClean = (): boolean =>
    observers.every((observer) => (observer.readCounters().gauges["time_wait"] ?? 0) === 0);
  while (!signal.aborted && !isClean() && performance.now() < untilMs) {
    await sleep(TIME_WAIT_POLL_MS);
  }
}
