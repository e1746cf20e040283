import type { Prediction } from "./grade-prediction.ts";
import {
  arrivalsPerConnection,
  connectionTimes,
  offeredPerS,
  requestsMean,
} from "./port-model/connection-arrivals.ts";
import { describePrediction } from "./port-model/describe-prediction.ts";
import { expectMetrics } from "./port-model/expect-metrics.ts";
import { findPortWait, type PortWait } from "./port-model/port-wait.ts";
import { type PoolOutcome, simulatePool } from "./port-model/simulate-pool.ts";
import { type TimeWaitLength, timeWaitLength } from "./port-model/time-wait-length.ts";
import { countUsablePorts } from "./port-model/usable-ports.ts";
import type { TrialSpec } from "./scenario.ts";

/** What the model cannot know from a scenario. */
export interface KernelFacts {
  /** CONFIG_HZ of the kernel, which decides how long TIME_WAIT lasts exactly; 250 when absent. */
  readonly hz?: number | undefined;
  /** tcp_max_tw_buckets of a new namespace; unbounded when absent. */
  readonly timeWaitBuckets?: number | undefined;
}

/** Two bounds of a number that is not known better; equal when it is exact. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

/**
 * `ports`: every local port is taken or in TIME_WAIT. `reuse-delay`: ports come back after tcp_tw_reuse_delay.
 * `none`: ports limit nothing here.
 */
export const PORT_LIMITS = ["ports", "reuse-delay", "none"] as const;
export type PortLimit = (typeof PORT_LIMITS)[number];

export interface PortForecast {
  readonly kind: "predicted";
  readonly limit: PortLimit;
  /** Local ports of one source towards the target: the range less the reserved ones. */
  readonly ports: number;
  /** Connections that can exist or be remembered at once: ports times sources. */
  readonly tuples: number;
  readonly wait: PortWait;
  readonly timeWait: TimeWaitLength;
  /** TIME_WAIT sockets of the closing side that tcp_max_tw_buckets allows; null: no bound known. */
  readonly timeWaitMax: number | null;
  /** About how long a connection lives before it is closed. */
  readonly lifeMs: number;
  /** New connections per second that can go on for ever; null: ports set no bound. */
  readonly ceilingPerS: Range | null;
  /** Highest rate of new connections that is offered; null: as fast as the answers come. */
  readonly offeredPerS: number | null;
  /** From the start of the measure phase to the first connection without a port; null: not known. */
  readonly firstExhaustedMs: number | "never" | null;
  /** When half of the ports are taken and connect() becomes slow; null: not known. */
  readonly cliffMs: number | "never" | null;
  /** Highest number of TIME_WAIT sockets on each side; null: not known. */
  readonly timeWaitPeak: { readonly client: Range; readonly target: Range } | null;
  /** Connections of the measure phase; null: not known. */
  readonly succeeded: Range | null;
  readonly failed: Range | null;
  /** TcpExt.TCPTimeWaitOverflow of the closing side; null: not known. */
  readonly overflow: Range | null;
  /** What a connection without a port fails with. */
  readonly errno: "EADDRNOTAVAIL" | "EADDRINUSE";
  /** The numbers above are counts that a trial must show, not estimates. */
  readonly exact: boolean;
  /** The same as metrics, only where they are exact. */
  readonly expectations: readonly Prediction[];
  readonly sentence: string;
}

export type PortPrediction = PortForecast | { readonly kind: "none"; readonly reason: string };

/** Above this many connections the counts are left open; the ceiling is known all the same. */
const CONNECTIONS_MAX = 3_000_000;

/**
 * What the port range, TIME_WAIT and the settings about them allow a variant: the highest rate, when ports run out, how
 * many connections succeed. Times and rates agree with Linux 6.18 within 0.2 % (the rows of `port-model.test.ts`).
 */
export function predictPorts(spec: TrialSpec, facts: KernelFacts = {}): PortPrediction {
  const reason = refuse(spec);
  if (reason !== null) return { kind: "none", reason };
  const base = describePool(spec, facts);
  const forecast = { ...base, ...forecastCounts(spec, base) };
  const expectations = expectMetrics(spec, forecast);
  return { ...forecast, expectations, sentence: describePrediction(forecast) };
}

/** Why the model does not hold for a variant; null when it does. */
function refuse({ testbed, topology, target, workload }: TrialSpec): string | null {
  if (testbed === "external") return "the ports and sysctls of a foreign host are not known";
  if (!("server" in target))
    return "who closes first is decided by a server that is not churnlab's";
  if (topology === "gateway") return "the gateway's own connections may be the limit";
  if (target.misbehaviour !== "none") return `the target misbehaves (${target.misbehaviour})`;
  if (workload.lifetimeMs !== null) return "connections end by their age";
  if (workload.engine === "undici" && workload.kind !== "short-lived") {
    return "undici decides itself how many connections it keeps";
  }
  return null;
}

type Pool = Pick<
  PortForecast,
  | "kind"
  | "ports"
  | "tuples"
  | "wait"
  | "timeWait"
  | "timeWaitMax"
  | "lifeMs"
  | "offeredPerS"
  | "errno"
  | "ceilingPerS"
  | "limit"
>;

function describePool(spec: TrialSpec, facts: KernelFacts): Pool {
  const { workload, sysctls, target } = spec;
  const ports = countUsablePorts(sysctls.client ?? {});
  const tuples = ports * workload.sources;
  const wait = findPortWait(spec);
  const timeWait = timeWaitLength(facts.hz ?? 250);
  const requests = requestsMean(workload);
  const delayMs = "delayMs" in target ? target.delayMs : 0;
  const lifeMs = Number.isFinite(requests)
    ? requests * delayMs + Math.max(0, requests - 1) * workload.thinkMs
    : 0;
  const closer = workload.closer === "client" ? "client" : "target";
  const buckets = sysctls[closer]?.["net.ipv4.tcp_max_tw_buckets"] ?? facts.timeWaitBuckets;
  const timeWaitMax = buckets === undefined ? null : Math.max(0, Number(buckets));
  const pool = { kind: "predicted", ports, tuples, wait, timeWait, timeWaitMax, lifeMs } as const;
  const isReplaced = workload.kind !== "hold" && Number.isFinite(requests);
  const ceilingPerS = isReplaced ? findCeiling({ ...pool, sources: workload.sources }) : null;
  return {
    ...pool,
    ceilingPerS,
    limit: ceilingPerS === null ? "none" : wait.kind === "reuse-delay" ? "reuse-delay" : "ports",
    offeredPerS:
      workload.arrival.model === "open"
        ? offeredPerS(workload.arrival, arrivalsPerConnection(workload))
        : null,
    errno: workload.bind === "address" ? "EADDRINUSE" : "EADDRNOTAVAIL",
  };
}

/** Tuples over the time that each is taken; nothing where ports are free again at once. */
function findCeiling({
  tuples,
  wait,
  timeWait,
  timeWaitMax,
  lifeMs,
  sources,
}: Pick<PortForecast, "tuples" | "wait" | "timeWait" | "timeWaitMax" | "lifeMs"> & {
  readonly sources: number;
}): Range | null {
  const perS = (waitMs: number): number => (tuples * 1000) / (lifeMs + waitMs);
  switch (wait.kind) {
    case "none":
      return null;
    case "reuse-delay":
      return { low: perS(wait.delayMs), high: perS(wait.delayMs) };
    case "time-wait":
      // With fewer TIME_WAIT sockets than ports, the other ports are free at once.
      if (timeWaitMax !== null && timeWaitMax * sources < tuples) return null;
      return { low: perS(timeWait.mostMs), high: perS(timeWait.leastMs) };
  }
}

type Counts = Omit<PortForecast, keyof Pool | "expectations" | "sentence">;

const UNKNOWN: Counts = {
  firstExhaustedMs: null,
  cliffMs: null,
  timeWaitPeak: null,
  succeeded: null,
  failed: null,
  overflow: null,
  exact: false,
};

function forecastCounts(spec: TrialSpec, pool: Pool): Counts {
  const { arrival, kind } = spec.workload;
  const { warmUpMs, measureMs } = spec.phases;
  const runMs = warmUpMs + measureMs;
  if (kind === "hold" && arrival.model === "closed") return forecastHeld(arrival.connections, pool);
  if (arrival.model === "closed") return UNKNOWN;
  const perConnection = arrivalsPerConnection(spec.workload);
  if (!Number.isFinite(perConnection)) return UNKNOWN;
  const rate = offeredPerS(arrival, perConnection);
  if ((rate * runMs) / 1000 > CONNECTIONS_MAX) return UNKNOWN;
  const run = (timeWaitMs: number): PoolOutcome =>
    simulatePool({
      arrivals: connectionTimes(arrival, spec.phases, perConnection),
      countFromMs: warmUpMs,
      capacity: pool.tuples,
      lifeMs: kind === "hold" ? Number.POSITIVE_INFINITY : pool.lifeMs,
      waitMs: portWaitMs(pool.wait, timeWaitMs),
      waitingMax: waitingMax(spec, pool),
    });
  return summarise(spec, pool, [run(pool.timeWait.mostMs), run(pool.timeWait.leastMs)]);
}

function portWaitMs({ kind, delayMs }: PortWait, timeWaitMs: number): number {
  if (kind === "none") return 0;
  return kind === "reuse-delay" ? delayMs : timeWaitMs;
}

/** tcp_max_tw_buckets is kept by each namespace, so by each source. */
function waitingMax({ workload }: TrialSpec, { wait, timeWaitMax }: Pool): number {
  if (wait.kind !== "time-wait" || timeWaitMax === null) return Number.POSITIVE_INFINITY;
  return timeWaitMax * workload.sources;
}

function forecastHeld(connections: number, { tuples }: Pool): Counts {
  const succeeded = exactly(Math.min(connections, tuples));
  return { ...UNKNOWN, succeeded, failed: exactly(connections - succeeded.low), cliffMs: null };
}

function exactly(value: number): Range {
  return { low: value, high: value };
}

/** Joins the outcomes under the longest and the shortest TIME_WAIT into ranges. */
function summarise(spec: TrialSpec, pool: Pool, [slow, fast]: readonly PoolOutcome[]): Counts {
  if (slow === undefined || fast === undefined) return UNKNOWN;
  const { kind, bind, arrival } = spec.workload;
  const succeeded = { low: slow.succeeded, high: fast.succeeded };
  const failed = { low: fast.failed, high: slow.failed };
  const choosesLate = bind === "none" || bind === "address-no-port";
  const isSteady = arrival.model === "open" && arrival.shape !== "poisson" && kind !== "keep-alive";
  return {
    firstExhaustedMs: slow.firstFailureMs ?? "never",
    cliffMs: pool.wait.kind === "time-wait" && choosesLate ? (slow.halfFullMs ?? "never") : null,
    timeWaitPeak: kind === "hold" ? null : peaks(spec, pool, [slow, fast]),
    succeeded,
    failed,
    overflow: pool.wait.kind === "time-wait" ? { low: slow.skipped, high: fast.skipped } : null,
    exact: isSteady && succeeded.low === succeeded.high && !isNearLimit(pool, slow),
  };
}

/** Close to a limit that moves (reuse, or the life of connections) single connections are lost to chance. */
function isNearLimit(
  { wait, lifeMs, tuples, offeredPerS: offered }: Pool,
  { failed }: PoolOutcome,
): boolean {
  if (wait.kind === "time-wait") return false;
  const taken = ((offered ?? 0) * (lifeMs + wait.delayMs)) / 1000;
  return failed > 0 || taken > 0.8 * tuples;
}

function peaks(
  { workload }: TrialSpec,
  { wait, tuples, timeWaitMax }: Pool,
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
