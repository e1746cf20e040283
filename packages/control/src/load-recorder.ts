import {
  type Agent,
  type AgentHealth,
  type ArmedShard,
  addLiveTallies,
  type Clock,
} from "@churnlab/core";
import { AgentWatch } from "./agent-watch.ts";
import { sampleQuantiles } from "./latency-quantiles.ts";
import type { SampleSeries } from "./sample-series.ts";

/** What is left of a second at the end of the load is a sample of its own from this length on. */
const LATENCY_MS_MIN = 500;

/** What is looked at of the load generator. */
export type WatchedShard = Pick<ArmedShard, "live" | "takeLatencies" | "readCpuUs" | "engine">;

/** What the load generator says of itself, as samples beside those of the kernels. */
export class LoadRecorder {
  readonly #series: SampleSeries;
  readonly #clock: Clock;
  #shards: readonly WatchedShard[] = [];
  #agents: readonly AgentWatch[] = [];
  #health: readonly AgentHealth[] = [];
  #latenciesAtMs = Number.NEGATIVE_INFINITY;

  constructor(series: SampleSeries, clock: Clock) {
    this.#series = series;
    this.#clock = clock;
  }

  /** From now on there is something to look at; `agents` are those of the shards, in the same order. */
  watch(shards: readonly WatchedShard[], agents: readonly Pick<Agent, "name" | "workers">[]): void {
    this.#shards = shards;
    const nowMs = this.#clock.nowMs();
    this.#agents = shards.flatMap((shard, i) => {
      const agent = agents[i];
      return agent === undefined ? [] : [new AgentWatch(agent, shard, nowMs)];
    });
  }

  /** How every agent did in the last second; empty before the first. */
  get agents(): readonly AgentHealth[] {
    return this.#health;
  }

  /** What it has counted since the trial began. */
  sampleTallies(): void {
    if (this.#shards.length === 0) return;
    const sum = addLiveTallies(this.#shards.map((shard) => shard.live()));
    this.#series.addChanges("client", this.#clock.nowMs(), {
      idle: {},
      now: {
        "connections.attempted": sum.attempted,
        "connections.established": sum.established,
        "connections.succeeded": sum.succeeded,
        "connections.failed": sum.failed,
        "connections.dropped": sum.dropped,
        "requests.succeeded": sum.requestsSucceeded,
      },
    });
  }

  /** Quantiles of the latencies since the last look, at its end; nothing where nothing succeeded. */
  sampleLatencies(): void {
    const fresh = this.#shards.map((shard) => shard.takeLatencies?.() ?? []);
    const nowMs = this.#clock.nowMs();
    this.#latenciesAtMs = nowMs;
    this.#series.add("client", nowMs, sampleQuantiles(fresh.flat()));
    this.#health = this.#agents.map((agent, i) => agent.read(nowMs, fresh[i] ?? []));
  }

  /** Whether enough of a second has passed since the last look for its quantiles to be a sample. */
  get hasRestOfSecond(): boolean {
    return this.#clock.nowMs() - this.#latenciesAtMs >= LATENCY_MS_MIN;
  }
}
