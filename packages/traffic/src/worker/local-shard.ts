import {
  type ArmedShard,
  addTallies,
  ChurnError,
  type ErrnoName,
  type FailureRecord,
  type HistogramRecord,
  LATENCY_METRICS,
  type LiveTally,
  mergeFailures,
  mergeHistograms,
  type Shard,
  type ShardReport,
  type TrialEvent,
  type Warning,
} from "@churnlab/core";
import { describeConnectCosts, mergeConnectCosts } from "../connect-cost.ts";
import type { PickedEngine } from "../engines.ts";
import { LATENESS_MAX_MS, RETRY_GAP_MS } from "../limits.ts";
import { monotonicMs } from "../monotonic.ts";
import { type CounterName, MEASURE, WARM_UP } from "../worker-counters.ts";
import type { ArmedWorker } from "./armed-worker.ts";
import { CpuWatch } from "./cpu-watch.ts";
import { LatencyWatch } from "./latency-watch.ts";
import { settleLost } from "./settle-lost.ts";
import { ThroughputWatch } from "./throughput-watch.ts";

/** Beyond what the time-outs allow, a worker is given this long before its thread is ended. */
const GRACE_MS = 5000;

/** The measure phase, on CLOCK_MONOTONIC. */
interface Phase {
  readonly measureAtMs: number;
  readonly measureMs: number;
}

/** How a worker, or the last of several, ended. */
interface ShardEnd {
  readonly endedAtMs: number;
  /** null where none was lost. */
  readonly lost: string | null;
}

export interface LocalShardOptions {
  readonly agent: string;
  readonly shard: Shard;
  readonly engine: PickedEngine;
  readonly workers: readonly ArmedWorker[];
  /** Ends the threads of all workers. */
  readonly aborter: AbortController;
}

/** A shard in the threads of this process. Between arming and the report nothing crosses a thread but shared memory. */
export class LocalShard implements ArmedShard {
  readonly #options: LocalShardOptions;
  readonly #latencies: LatencyWatch;

  constructor(options: LocalShardOptions) {
    this.#options = options;
    this.#latencies = new LatencyWatch(options.workers.map(({ counters }) => counters));
  }

  async run(startAtMs: number): Promise<ShardReport> {
    const { workers, shard } = this.#options;
    const measureAtMs = startAtMs + shard.phases.warmUpMs;
    const phase = { measureAtMs, measureMs: shard.phases.measureMs };
    using cpu = new CpuWatch(workers, phase);
    using throughput = new ThroughputWatch(() => this.live(), phase);
    for (const worker of workers) worker.start(startAtMs);
    const { endedAtMs, lost } = await this.#awaitAll(phase);
    return this.#report({
      ...cpu.conclude(endedAtMs),
      ...throughput.conclude(),
      elapsedMs: Math.max(0, endedAtMs - measureAtMs),
      ...(lost === null ? {} : { lost }),
    });
  }

  live(): LiveTally {
    const { workers } = this.#options;
    const sum = (counter: CounterName): number =>
      workers.reduce(
        (total, { counters }) =>
          total + counters.read(WARM_UP, counter) + counters.read(MEASURE, counter),
        0,
      );
    return {
      attempted: sum("attempted"),
      established: sum("established"),
      succeeded: sum("succeeded"),
      failed: sum("failed"),
      dropped: sum("dropped"),
      requestsSucceeded: sum("requestsSucceeded"),
      failures: countByErrno(workers),
      open: workers.reduce((total, { counters }) => total + counters.open, 0),
    };
  }

  takeLatencies(): HistogramRecord[] {
    return this.#latencies.take();
  }

  readCpuUs(): number {
    return this.#options.workers.reduce((sum, worker) => sum + (worker.readCpuUs() ?? 0), 0);
  }

  get engine(): string {
    return this.#options.engine.name;
  }

  keepUntil(atBootMs: number): void {
    for (const { counters } of this.#options.workers) counters.keepUntil(atBootMs);
  }

  stop(): void {
    for (const { counters } of this.#options.workers) counters.requestStop();
  }

  /**
   * The end of the last worker. When one is lost, the others are stopped, and its counts are settled. Rejects with whatever
   * else a worker met.
   */
  async #awaitAll(phase: Phase): Promise<ShardEnd> {
    const { workers, shard, aborter } = this.#options;
    const { connectMs, responseMs } = shard.workload.timeouts;
    // In flight at the end: a late arrival that connects, waits for its answer and for the close.
    const allowedMs = LATENESS_MAX_MS + connectMs + 2 * responseMs + GRACE_MS;
    const phaseEndMs = phase.measureAtMs + phase.measureMs;
    const watchdog = setTimeout(() => aborter.abort(), phaseEndMs + allowedMs - monotonicMs());
    try {
      const ends = await Promise.allSettled(
        workers.map((worker) => this.#awaitOne(worker, phase.measureAtMs)),
      );
      const failure = ends.find((end) => end.status === "rejected");
      if (failure !== undefined) throw failure.reason;
      const ended = ends.flatMap((end) => (end.status === "fulfilled" ? [end.value] : []));
      return {
        endedAtMs: Math.max(...ended.map(({ endedAtMs }) => endedAtMs)),
        lost: ended.find(({ lost }) => lost !== null)?.lost ?? null,
      };
    } finally {
      clearTimeout(watchdog);
    }
  }

  async #awaitOne({ ended, counters }: ArmedWorker, measureAtMs: number): Promise<ShardEnd> {
    try {
      return { endedAtMs: (await ended).endedAtMs, lost: null };
    } catch (error) {
      this.stop();
      if (!(error instanceof ChurnError) || error.code !== "E_AGENT") throw error;
      const endedAtMs = monotonicMs();
      settleLost(counters, endedAtMs - measureAtMs);
      const overstayed = this.#options.aborter.signal.aborted;
      return {
        endedAtMs,
        lost: overstayed ? "A worker did not end within its time-outs" : error.message,
      };
    }
  }

  #report(
    measured: Pick<ShardReport, "cpuUs" | "cpuShareMax" | "elapsedMs" | "throughput" | "lost">,
  ): ShardReport {
    const { agent, engine, workers } = this.#options;
    const failures = mergeFailures(workers.flatMap(({ counters }) => counters.toFailures()));
    const histograms = workers.flatMap(({ counters }) => counters.toHistograms());
    return {
      agent,
      engine: engine.name,
      engineReason: engine.reason,
      tally: addTallies(workers.map(({ counters }) => counters.toTally(MEASURE))),
      warmUp: addTallies(workers.map(({ counters }) => counters.toTally(WARM_UP))),
      failures,
      histograms: LATENCY_METRICS.map((metric) =>
        mergeHistograms(
          metric,
          histograms.filter((histogram) => histogram.metric === metric),
        ),
      ),
      ...measured,
      ...describeStart(workers.map(({ counters }) => counters.startLateMs)),
      events: [...this.#connectCosts(), ...this.#slowedRetries(failures)],
      warnings: [...this.#fallbackWarnings(), ...warnOfHoles(measured)],
    };
  }

  #connectCosts(): TrialEvent[] {
    const tables = this.#options.workers.map(({ counters }) => counters.connectCosts);
    return describeConnectCosts(mergeConnectCosts(tables));
  }

  /** Failed connects slow a closed loop down, which has to be known when its rate is read. */
  #slowedRetries(failures: readonly FailureRecord[]): TrialEvent[] {
    const { shard, workers } = this.#options;
    const first = failures.find(({ step }) => step === "bind" || step === "connect");
    if (shard.workload.arrival.model === "open" || first === undefined) return [];
    const detail = { gapMs: RETRY_GAP_MS, workers: workers.length, errno: first.errno };
    return [{ role: "client", tMs: first.firstMs, kind: "retries-paced", detail }];
  }

  #fallbackWarnings(): Warning[] {
    const { engine } = this.#options;
    if (!engine.fallback) return [];
    const message = `The engine ${engine.name} runs because faster ones cannot: ${engine.reason}`;
    return [{ code: "W_ENGINE_FALLBACK", message }];
  }
}

/** What has failed so far, of all steps together. A worker without failures is not searched for them. */
function countByErrno(workers: readonly ArmedWorker[]): LiveTally["failures"] {
  const counts: Partial<Record<ErrnoName, number>> = {};
  for (const { counters } of workers) {
    if (counters.read(MEASURE, "failed") === 0) continue;
    for (const { errno, count } of counters.toFailures()) {
      counts[errno] = (counts[errno] ?? 0) + count;
    }
  }
  return counts;
}

/** That the CPU time of a lost thread is gone with it needs no saying. */
function warnOfHoles({ cpuUs, lost }: Pick<ShardReport, "cpuUs" | "lost">): Warning[] {
  if (cpuUs !== null || lost !== undefined) return [];
  const message =
    "client: the CPU time of a worker thread could not be read, so nothing is said of the generator's";
  return [{ code: "W_OBSERVER_DEGRADED", message }];
}

/** How late the workers' first units were; nothing where no worker had any. */
function describeStart(lateMs: readonly (number | null)[]): Pick<ShardReport, "startLateMs"> {
  const known = lateMs.filter((each) => each !== null);
  if (known.length === 0) return {};
  return { startLateMs: { least: Math.min(...known), most: Math.max(...known) } };
}
