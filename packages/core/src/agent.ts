import type { ErrnoName } from "./errno.ts";
import type { HistogramRecord } from "./histogram.ts";
import type { TrialEvent } from "./observation.ts";
import type { Phases, Workload } from "./scenario.ts";
import type { Share } from "./share.ts";
import type { FailureRecord, Tally } from "./tally.ts";
import type { Warning } from "./warnings.ts";

/**
 * What HTTP may ask a target for: a path and a query of visible ASCII (origin-form, RFC 9112 §3.2.1). A space or a line's end
 * would begin another field or another request, and `//` or a whole URL names another host to a proxy.
 */
export const REQUEST_PATH: RegExp = /^\/(?!\/)[\x21-\x7e]*$/;

export interface TargetAddress {
  readonly host: string;
  readonly port: number;
  /** Path and authority for HTTP; `/` and `host:port` where the target is ours. */
  readonly path: string;
  readonly tls: boolean;
  /** What HTTP names the server by (RFC 9110 §7.2), and TLS, where that is not `host:port`. */
  readonly authority?: string;
}

/** An agent's exact share of a trial. */
export interface Shard {
  readonly trialId: number;
  readonly seed: number;
  readonly workload: Workload;
  readonly phases: Phases;
  readonly target: TargetAddress;
  readonly share: Share;
}

/** Counters of a running shard, a few milliseconds old; they only grow. */
export interface LiveTally {
  readonly attempted: number;
  readonly established: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly dropped: number;
  readonly requestsSucceeded: number;
  /** Failed connections of the measure phase by errno; one that did not occur is absent. */
  readonly failures: Readonly<Partial<Record<ErrnoName, number>>>;
  readonly open: number;
}

/** What a shard did, merged over its workers. Everything but `warmUp` is of the measure phase only. */
export interface ShardReport {
  readonly agent: string;
  readonly engine: string;
  /** Why this engine and not a faster one. */
  readonly engineReason: string;
  readonly tally: Tally;
  readonly warmUp: Tally;
  readonly failures: readonly FailureRecord[];
  readonly histograms: readonly HistogramRecord[];
  /** CPU time of all worker threads in the measure phase, user and system, microseconds; null where it could not be read. */
  readonly cpuUs: number | null;
  /** The busiest worker thread: CPU time over wall time, 0..1; null where it could not be read. */
  readonly cpuShareMax: number | null;
  /** From the start of the measure phase to the end of its last connection. */
  readonly elapsedMs: number;
  /** How late the first unit of work of each worker was begun: the least and the most of them. Absent where there was none. */
  readonly startLateMs?: { readonly least: number; readonly most: number };
  /** Absent where the load ended before its phase, or the agent cannot tell. */
  readonly throughput?: Throughput;
  readonly events: readonly TrialEvent[];
  readonly warnings: readonly Warning[];
  /**
   * Why the load ended before its time: a worker was lost. The report then has what all workers had counted, with what the lost
   * one had in flight as `UNFINISHED`. Absent where none was lost.
   */
  readonly lost?: string;
}

/**
 * Successes per second between two looks at the counters, at the start and the end of the measure phase, whichever phase
 * they were begun in. The tally counts what was begun in the phase, and so as many too many as were in flight at its end.
 */
export interface Throughput {
  readonly connectionsPerS: number;
  readonly requestsPerS: number;
}

/** A shard whose workers are ready and wait for the start. */
export interface ArmedShard {
  /**
   * Runs warm-up and measure phase and waits for connections in flight, each bounded by its time-outs.
   * `startAtMs` is the start of the warm-up on the monotonic clock of the caller.
   * Resolves with a report that is `lost` when a worker is; rejects with `E_AGENT` when there is nothing left to report.
   */
  run(startAtMs: number): Promise<ShardReport>;
  live(): LiveTally;
  /**
   * The `SAMPLED_LATENCIES` that were recorded since the last call, merged over workers; those that were not are left out.
   * Absent where the agent cannot tell before its report.
   */
  takeLatencies?(): readonly HistogramRecord[];
  /** CPU time of all its workers so far, microseconds; null until it is told. Absent where it is not known before the report. */
  readCpuUs?(): number | null;
  /** The engine it runs. Absent where it is not known before the report. */
  readonly engine?: string;
  /**
   * The load begins nothing after this time of the machine's CLOCK_BOOTTIME, milliseconds, unless it is given a later one by
   * then: also where nobody can stop it, as its process was frozen. Absent where nobody but the caller can outlive it.
   */
  keepUntil?(bootMs: number): void;
  /** Ends the load now; `run` then resolves with what was done so far, connections in flight as `UNFINISHED`. */
  stop(): void;
}

/** A process on a load machine, local or remote, that runs shards in its pool of workers. */
export interface Agent {
  readonly name: string;
  /** How many workers it offers to a trial. */
  readonly workers: number;
  arm(shard: Shard): Promise<ArmedShard>;
}

/** How an agent does while its shard runs. Rates and shares are of the last second. */
export interface AgentHealth {
  readonly agent: string;
  readonly workers: number;
  readonly engine: string | null;
  readonly attemptedPerS: number;
  /** Connections open now. */
  readonly open: number;
  /** Since the trial began. */
  readonly failed: number;
  readonly dropped: number;
  /** CPU time over wall time, a mean over its workers, 0..1; null where the agent does not tell. */
  readonly cpuShare: number | null;
  /** p99 of its arrivals' lateness, or of fewer than 100 the highest; null where nothing arrived. */
  readonly latenessUs: number | null;
}

/** Milliseconds on a monotonic clock that every thread of the machine shares (CLOCK_MONOTONIC). */
export interface Clock {
  nowMs(): number;
  /** The time of day, milliseconds since 1970; for records only. */
  unixMs(): number;
  /** CPU time of the calling thread, user and system. */
  threadCpuMs(): number;
  /** Resolves after `ms`, or at once when the signal is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
