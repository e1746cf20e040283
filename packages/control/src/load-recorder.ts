import {
  type Agent,
  type AgentHealth,
  type ArmedShard,
  addLiveTallies,
  type Clock,
  type LiveTally,
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
  #talliedAtMs: number | null = null;
  #latenciesAtMs = Number.NEGATIVE_INFINITY;

  constructor(series: SampleSeries, clock: Clock) {
    this.#series = series;
    this.#clock = clock;
  }

  /** From now on there is something to look at; `agents` are those of the shards, in the same order. */
  watch(shards: readonly WatchedShard[], agents: readonly Pick<Agent, "name" | "workers">[]): void {
    this.#shards = shards;
    const nowMs = this.#clock.nowMs();
    // Armed workers have not begun: nothing has failed yet.
    this.#talliedAtMs = nowMs;
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
    const nowMs = this.#clock.nowMs();
    this.#sampleFailures(nowMs, sum.failures);
    this.#series.addChanges("client", nowMs, {
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

  /** An errno has a series from its first failure on, which begins with the look before: none had been seen then. */
  #sampleFailures(nowMs: number, failures: LiveTally["failures"]): void {
    for (const [errno, count] of Object.entries(failures)) {
      const metric = `failures.${errno}`;
      if (this.#talliedAtMs !== null && this.#series.latest("client", metric) === null) {
        this.#series.add("client", this.#talliedAtMs, { [metric]: 0 });
      }
      this.#series.add("client", nowMs, { [metric]: count });
    }
    this.#talliedAtMs = nowMs;
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
