import type { Agent, AgentHealth, ArmedShard, HistogramRecord, LiveTally } from "@churnlab/core";
import { sampleQuantiles } from "./latency-quantiles.ts";

interface Look {
  readonly atMs: number;
  readonly cpuUs: number | null;
  readonly tally: LiveTally;
}

/** Turns what an agent has counted into what it does now: the difference between two looks at its shard. */
export class AgentWatch {
  readonly #agent: Pick<Agent, "name" | "workers">;
  readonly #shard: Pick<ArmedShard, "live" | "readCpuUs" | "engine">;
  #last: Look;

  constructor(
    agent: Pick<Agent, "name" | "workers">,
    shard: Pick<ArmedShard, "live" | "readCpuUs" | "engine">,
    atMs: number,
  ) {
    this.#agent = agent;
    this.#shard = shard;
    this.#last = this.#look(atMs);
  }

  /** `latencies`: what its shard gave away since the last call. */
  read(atMs: number, latencies: readonly HistogramRecord[]): AgentHealth {
    const before = this.#last;
    const now = this.#look(atMs);
    this.#last = now;
    const seconds = Math.max(0.001, (now.atMs - before.atMs) / 1000);
    const quantiles = sampleQuantiles(latencies.filter(({ metric }) => metric === "schedule"));
    const { name, workers } = this.#agent;
    return {
      agent: name,
      workers,
      engine: this.#shard.engine || null,
      attemptedPerS: Math.max(0, (now.tally.attempted - before.tally.attempted) / seconds),
      open: now.tally.open,
      failed: now.tally.failed,
      dropped: now.tally.dropped,
      cpuShare:
        now.cpuUs === null || before.cpuUs === null
          ? null
          : Math.max(0, (now.cpuUs - before.cpuUs) / 1e6 / seconds / workers),
      latenessUs: quantiles["latency.schedule.p99"] ?? quantiles["latency.schedule.max"] ?? null,
    };
  }

  #look(atMs: number): Look {
    return { atMs, cpuUs: this.#shard.readCpuUs?.() ?? null, tally: this.#shard.live() };
  }
}
