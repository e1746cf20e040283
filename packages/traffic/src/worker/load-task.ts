import type { MessagePort } from "node:worker_threads";
import type { EngineName } from "@churnlab/core";
import type { WorkerJob } from "../engine.ts";
import type { ErrorRecord } from "../error-record.ts";

/** What a worker thread is given for one trial. */
export interface LoadTask {
  readonly engine: EngineName;
  readonly job: Omit<WorkerJob, "startAtMs">;
  /** null: the thread stays where it is. */
  readonly namespaceFd: number | null;
  /** The memory of its `WorkerCounters`. */
  readonly counters: SharedArrayBuffer;
  /** Carries one `Armed` up and one `Start` down, nothing else. */
  readonly port: MessagePort;
}

export interface Armed {
  readonly threadId: number;
}

/** Null calls the load off. */
export interface Start {
  readonly startAtMs: number | null;
}

/** What comes back when the load is over; the counts are in the shared memory. */
export type LoadResult =
  | { readonly kind: "done"; readonly endedAtMs: number }
  | { readonly kind: "called-off" }
  | { readonly kind: "failed"; readonly error: ErrorRecord };
