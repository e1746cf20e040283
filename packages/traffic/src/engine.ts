import type { EngineName, TargetAddress, Workload } from "@churnlab/core";
import type { WorkerCounters } from "./worker-counters.ts";

/** What one worker thread has to do. All times are milliseconds on CLOCK_MONOTONIC (`process.hrtime`). */
export interface WorkerJob {
  readonly workload: Workload;
  readonly target: TargetAddress;
  /** This thread's part of the global schedule: arrivals and connections `index`, `index + of`, … */
  readonly worker: { readonly index: number; readonly of: number };
  /** The address of the client namespace this thread lives in, for the bind modes that need one. */
  readonly sourceAddress: string;
  readonly seed: number;
  readonly startAtMs: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

/** Whether an engine works here, and if not, why not, in words. */
export type EngineProbe =
  | { readonly works: true }
  | { readonly works: false; readonly reason: string };

/**
 * Something that can run a workload. An engine starts no load before `startAtMs`, begins no unit of work after the
 * measure phase, waits for what is in flight (each step is bounded by the workload's time-outs), and returns when every
 * connection it opened is closed and counted. It looks at `counters.stopping` at least every 50 ms and then counts what
 * is in flight as `UNFINISHED`. An engine may block its thread; it may not throw for anything the network does.
 */
export interface Engine {
  readonly name: EngineName;
  probe(): EngineProbe;
  /** Null when it can run the workload, else why it cannot (for example TLS on `ring`). */
  refuses(workload: Workload, target: TargetAddress): string | null;
  run(job: WorkerJob, counters: WorkerCounters): Promise<void>;
}
