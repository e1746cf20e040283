// Agents that say everything a fleet's agents say, and offer no load: what they cost is messages alone.

import { setImmediate, setTimeout as sleep } from "node:timers/promises";
import {
  type Agent,
  type ArmedShard,
  type CounterReading,
  EMPTY_SHARD_REPORT,
  type HistogramRecord,
  LatencyHistogram,
  type Observer,
  type Role,
  type Shard,
  type ShardReport,
  seedUniform,
  type Tally,
  type Target,
} from "@churnlab/core";
import type { LoadSide, Side, TargetSide } from "@churnlab/testbed";
import type { SideMaker } from "../packages/fleet/src/agent/trial-side.ts";

const LATENCIES = ["schedule", "connect", "first_byte", "request", "total"] as const;
const LATENCY_VALUES = 2000;

/** Sides without hosts. `read` is a look at kernel counters as a real agent takes it. */
export function simulateSides(read: () => CounterReading): SideMaker {
  const side = (role: Role): Omit<Side, keyof AsyncDisposable> => ({
    observers: [observe(role, read)],
    sysctls: [],
    facts: { "kernel.release": "simulated" },
    warnings: [],
  });
  const dispose = { [Symbol.asyncDispose]: async () => {} };
  return {
    buildLoad: async (_plan, { name, workers }): Promise<LoadSide> => {
      return { ...side("client"), ...dispose, agent: simulateAgent(name, workers) };
    },
    buildTarget: async ({ addresses }): Promise<TargetSide> => {
      return { ...side("target"), ...dispose, target: simulateTarget(addresses[0] ?? "") };
    },
  };
}

function observe(role: Role, readCounters: () => CounterReading): Observer {
  return {
    role,
    readCounters,
    readQueues: () => null,
    readPorts: () => null,
    drainEvents: () => [],
    conclude: () => [],
    close: () => {},
  };
}

function simulateTarget(host: string): Target {
  return {
    address: { host, port: 8080, path: "/", tls: false },
    ended: () => null,
    measure: async () => [],
  };
}

function simulateAgent(name: string, workers: number): Agent {
  return {
    name,
    workers,
    arm: async (shard): Promise<ArmedShard> => {
      const over = new AbortController();
      let startAtMs = Number.POSITIVE_INFINITY;
      const elapsedS = (): number => Math.max(0, (nowMs() - startAtMs) / 1000);
      return {
        run: async (atMs) => {
          startAtMs = atMs;
          const { warmUpMs, measureMs } = shard.phases;
          const waitMs = atMs + warmUpMs + measureMs - nowMs();
          await sleep(waitMs, undefined, { signal: over.signal }).catch(() => {});
          await takeTurn();
          return makeReport(name, shard);
        },
        live: () => {
          const done = Math.floor(elapsedS() * ratePerS(shard));
          const none = { failed: 0, dropped: 0, failures: {}, open: 0 };
          return {
            attempted: done,
            established: done,
            succeeded: done,
            requestsSucceeded: done,
            ...none,
          };
        },
        stop: () => over.abort(),
      };
    },
  };
}

/** This agent's part of the rate. */
function ratePerS({ workload, share }: Shard): number {
  const rate = workload.arrival.model === "open" ? workload.arrival.ratePerS : 0;
  return (rate * share.count) / share.of;
}

let lastTurn: Promise<unknown> = Promise.resolve();

/** One after the other, with what else waits in between: agents on machines of their own do not hold up each other's heartbeats. */
function takeTurn(): Promise<unknown> {
  lastTurn = lastTurn.then(() => setImmediate());
  return lastTurn;
}

/** Made once: a real agent's workers count latencies while they go, not while a thousand others report. */
const HISTOGRAMS: readonly HistogramRecord[] = LATENCIES.map((name, i) => {
  const uniform = seedUniform(i);
  const histogram = new LatencyHistogram();
  for (let n = 0; n < LATENCY_VALUES; n++) histogram.recordUs(20 * Math.exp(4 * uniform()));
  return histogram.toRecord(name);
});

function makeReport(agent: string, shard: Shard): ShardReport {
  const count = Math.floor((ratePerS(shard) * shard.phases.measureMs) / 1000);
  const done = { intended: count, attempted: count, succeeded: count, failed: 0, dropped: 0 };
  const tally: Tally = { connections: { ...done, established: count }, requests: done };
  return {
    ...EMPTY_SHARD_REPORT,
    agent,
    engine: "simulated",
    engineReason: "no load",
    tally,
    histograms: HISTOGRAMS,
    elapsedMs: shard.phases.measureMs,
  };
}

function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
