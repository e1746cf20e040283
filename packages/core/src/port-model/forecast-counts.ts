import { maxOf, minOf } from "../extremes.ts";
import { SAMPLE_INTERVAL_MS } from "../sampling.ts";
import type { TrialSpec } from "../scenario.ts";
import { arrivalsPerConnection, connectionTimes, offeredRates } from "./connection-arrivals.ts";
import type { PortCounts, PortForecast, PortPool, Range } from "./port-forecast.ts";
import type { PortWait } from "./port-wait.ts";
import { type PoolOutcome, simulatePool } from "./simulate-pool.ts";

/** Above this many connections the counts are left open; the ceiling is known all the same. */
const CONNECTIONS_MAX = 3_000_000;

/** Nothing is known of a trial but what its ports carry. */
export const UNKNOWN_COUNTS: PortCounts = {
  firstExhaustedMs: null,
  cliffMs: null,
  timeWaitPeak: null,
  timeWaitPlateau: null,
  succeeded: null,
  failed: null,
  overflow: null,
  bounded: false,
  exact: false,
};

/** Runs the connections of a trial against its ports, under the shortest and the longest TIME_WAIT. */
export function forecastCounts(spec: TrialSpec, pool: PortPool): PortCounts {
  const { arrival, kind } = spec.workload;
  const { warmUpMs, measureMs } = spec.phases;
  const runMs = warmUpMs + measureMs;
  if (kind === "hold" && arrival.model === "closed") return forecastHeld(arrival.connections, pool);
  if (arrival.model === "closed") return UNKNOWN_COUNTS;
  const perConnection = arrivalsPerConnection(spec.workload);
  if (!Number.isFinite(perConnection)) return UNKNOWN_COUNTS;
  const { high } = offeredRates(arrival, perConnection);
  if ((high * runMs) / 1000 > CONNECTIONS_MAX) return UNKNOWN_COUNTS;
  const run = (timeWaitMs: number): PoolOutcome =>
    simulatePool({
      arrivals: connectionTimes(arrival, spec.phases, perConnection),
      countFromMs: warmUpMs,
      capacity: pool.tuples,
      lifeMs: kind === "hold" ? Number.POSITIVE_INFINITY : pool.lifeMs,
      waitMs: portWaitMs(pool.wait, timeWaitMs),
      waitingMax: waitingMax(spec, pool),
      lookAtMs: plateauTimes(spec),
    });
  return summarise(spec, pool, [run(pool.timeWait.mostMs), run(pool.timeWait.leastMs)]);
}

function portWaitMs({ kind, delayMs }: PortWait, timeWaitMs: number): number {
  if (kind === "none") return 0;
  return kind === "reuse-delay" ? delayMs : timeWaitMs;
}

/** tcp_max_tw_buckets is kept by each namespace, so by each source. */
function waitingMax({ workload }: TrialSpec, { wait, timeWaitMax }: PortPool): number {
  if (wait.kind !== "time-wait" || timeWaitMax === null) return Number.POSITIVE_INFINITY;
  return timeWaitMax * workload.sources;
}

function forecastHeld(connections: number, { tuples }: PortPool): PortCounts {
  const succeeded = exactly(Math.min(connections, tuples));
  return {
    ...UNKNOWN_COUNTS,
    succeeded,
    failed: exactly(connections - succeeded.low),
    cliffMs: null,
  };
}

function exactly(value: number): Range {
  return { low: value, high: value };
}

/** Joins the outcomes under the longest and the shortest TIME_WAIT into ranges. */
function summarise(
  spec: TrialSpec,
  pool: PortPool,
  [slow, fast]: readonly PoolOutcome[],
): PortCounts {
  if (slow === undefined || fast === undefined) return UNKNOWN_COUNTS;
  const { kind, bind, arrival } = spec.workload;
  const succeeded = { low: slow.succeeded, high: fast.succeeded };
  const failed = { low: fast.failed, high: slow.failed };
  const choosesLate = bind === "none" || bind === "address-no-port";
  const isSteady = arrival.model === "open" && arrival.shape !== "poisson" && kind !== "keep-alive";
  const bounded = isSteady && !isNearLimit(pool, slow);
  return {
    firstExhaustedMs: slow.firstFailureMs ?? "never",
    cliffMs: pool.wait.kind === "time-wait" && choosesLate ? (slow.halfFullMs ?? "never") : null,
    timeWaitPeak: kind === "hold" ? null : peaks(spec, pool, [slow, fast]),
    timeWaitPlateau: kind === "hold" ? null : plateaus(spec, pool, [slow, fast]),
    succeeded,
    failed,
    overflow: pool.wait.kind === "time-wait" ? { low: slow.skipped, high: fast.skipped } : null,
    bounded,
    exact: bounded && succeeded.low === succeeded.high,
  };
}

/** Close to a limit that moves (reuse, or the life of connections) single connections are lost to chance. */
function isNearLimit(
  { wait, lifeMs, tuples, offeredPerS: offered }: PortPool,
  { failed }: PoolOutcome,
): boolean {
  if (wait.kind === "time-wait") return false;
  const taken = ((offered?.high ?? 0) * (lifeMs + wait.delayMs)) / 1000;
  return failed > 0 || taken > 0.8 * tuples;
}

function peaks(
  { workload }: TrialSpec,
  { wait, tuples, timeWaitMax }: PortPool,
  [slow, fast]: readonly [PoolOutcome, PoolOutcome],
): PortForecast["timeWaitPeak"] {
  const none = exactly(0);
  if (workload.close === "rst") return { client: none, target: none };
  // At most every tuple once, and never more than the connections there were.
  const high = Math.min(tuples, fast.succeeded, (timeWaitMax ?? tuples) * workload.sources);
  if (workload.closer === "server") return { client: none, target: { low: 0, high } };
  if (wait.kind === "time-wait") {
    const peak = { low: fast.waitingPeak, high: slow.waitingPeak };
    return { client: peak, target: none };
  }
  return { client: { low: Math.min(fast.waitingPeak, high), high }, target: none };
}

/** Of the times at which the model looks: close enough that what lies between is nothing. */
const LOOKS = 400;

/** Evenly over the second half of the measure phase. */
function plateauTimes({ phases: { warmUpMs, measureMs } }: TrialSpec): number[] {
  return Array.from({ length: LOOKS }, (_, i) => {
    return warmUpMs + measureMs * (0.5 + (0.5 * (i + 0.5)) / LOOKS);
  });
}

/**
 * The middle of the samples that a trial takes in the second half. Which times those are is not known; the middle one of them
 * lies within one interval of the middle of all.
 */
function plateaus(
  { workload, phases }: TrialSpec,
  { wait }: PortPool,
  outcomes: readonly [PoolOutcome, PoolOutcome],
): PortForecast["timeWaitPlateau"] {
  const none = exactly(0);
  if (workload.close === "rst") return { client: none, target: none };
  if (workload.closer === "server" || wait.kind !== "time-wait") return null;
  const spread = (2 * SAMPLE_INTERVAL_MS) / phases.measureMs;
  const ranges = outcomes.map(({ waitingAt }) => {
    const sorted = waitingAt.toSorted((a, b) => a - b);
    const rank = (share: number): number =>
      sorted[Math.round(Math.min(1, Math.max(0, share)) * (sorted.length - 1))] ?? 0;
    return { low: rank(0.5 - spread), high: rank(0.5 + spread) };
  });
  const low = minOf(ranges.map((range) => range.low));
  const high = maxOf(ranges.map((range) => range.high));
  return { client: { low, high }, target: none };
}
