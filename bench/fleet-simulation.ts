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
  type PortReading,
  type QueueReading,
  type Role,
  SAMPLED_LATENCIES,
  type Shard,
  type ShardReport,
  seedUniform,
  type Tally,
  type Target,
} from "@churnlab/core";
import type { LoadSide, Side, TargetSide } from "@churnlab/testbed";
import type { SideMaker } from "../packages/fleet/src/agent/trial-side.ts";

const LATENCIES = ["schedule", "connect", "first_byte", "request", "total"] as const;
/** Different ones in a report: as many buckets as a trial of some seconds fills. */
const LATENCY_VALUES = 2000;
/** Those of one second of 400 connections. */
const LIVE_LATENCY_VALUES = 400;
/** Part of a core that the workers of one agent say they use. */
const LOAD_CPU = 0.1;

const NO_QUEUES: QueueReading = { listeners: [], synReceived: 0 };
const QUEUES: QueueReading = {
  listeners: [{ address: "198.18.0.1", port: 8080, depth: 3, limit: 4096, synReceived: 2 }],
  synReceived: 2,
};
/** What the ports of one source towards the target look like. */
function readPorts(source: string): PortReading {
  const use = { states: { ESTABLISHED: 12, TIME_WAIT: 4000 }, used: 4012, range: 28_232 };
  const tuple = { source, destination: "198.18.0.1", destinationPort: 8080, ...use };
  return { ...use, tuples: [tuple], tuplesLeftOff: 0 };
}

/** Sides without hosts. `read` is a look at kernel counters as a real agent takes it. */
export function simulateSides(read: () => CounterReading): SideMaker {
  const side = (role: Role, addresses: readonly string[]): Omit<Side, keyof AsyncDisposable> => ({
    observers: [observe(role, addresses[0] ?? "", read)],
    sysctls: [],
    facts: { "kernel.release": "simulated" },
    warnings: [],
  });
  const dispose = { [Symbol.asyncDispose]: async () => {} };
  return {
    buildLoad: async ({ addresses }, { name, workers }): Promise<LoadSide> => {
      return { ...side("client", addresses), ...dispose, agent: simulateAgent(name, workers) };
    },
    buildTarget: async ({ addresses }): Promise<TargetSide> => {
      return {
        ...side("target", addresses),
        ...dispose,
        target: simulateTarget(addresses[0] ?? ""),
      };
    },
  };
}

function observe(role: Role, address: string, readCounters: () => CounterReading): Observer {
  return {
    role,
    readCounters,
    readQueues: () => (role === "target" ? QUEUES : NO_QUEUES),
    readPorts: () => (role === "client" ? readPorts(address) : null),
    takeEvents: () => [],
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
          const until = (endMs: number): Promise<void> =>
            sleep(Math.max(0, endMs - nowMs()), undefined, { signal: over.signal }).catch(() => {});
          await until(atMs);
          const lateMs = nowMs() - atMs;
          await until(atMs + warmUpMs + measureMs);
          await takeTurn();
          return makeReport(name, { shard, lateMs });
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
        takeLatencies: () => LIVE_HISTOGRAMS,
        readCpuUs: () => Math.floor(1e6 * elapsedS() * LOAD_CPU),
        engine: "simulated",
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
const HISTOGRAMS = LATENCIES.map((name, i) => drawLatencies(name, i, LATENCY_VALUES));
const LIVE_HISTOGRAMS = SAMPLED_LATENCIES.map((name, i) =>
  drawLatencies(name, i, LIVE_LATENCY_VALUES),
);

function drawLatencies(metric: string, seed: number, values: number): HistogramRecord {
  const uniform = seedUniform(seed);
  const histogram = new LatencyHistogram();
  for (let n = 0; n < values; n++) histogram.recordUs(20 * Math.exp(4 * uniform()));
  return histogram.toRecord(metric);
}

/** `lateMs`: how long after its time the start was, in a process that hundreds of agents share. */
function makeReport(
  agent: string,
  { shard, lateMs }: { readonly shard: Shard; readonly lateMs: number },
): ShardReport {
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
    startLateMs: { least: lateMs, most: lateMs },
  };
}

function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
