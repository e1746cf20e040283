import type { ErrorRecord } from "../error-record.ts";
import type { TargetJob, TargetServerName } from "./target-server.ts";

/** To the target thread. */
export interface ServeOrder {
  /** `auto`: the fastest that works in the thread's namespace. */
  readonly server: TargetServerName | "auto";
  readonly job: TargetJob;
  readonly namespaceFd: number;
  readonly counters: SharedArrayBuffer;
}

export interface Listening {
  readonly port: number;
  readonly server: TargetServerName;
  /** Why this server and not a faster one. */
  readonly reason: string;
}

/** From the target thread: `ready` once, then `listening` and `ended`, or `failed`, for every order. */
export type TargetMessage =
  | { readonly kind: "ready"; readonly threadId: number }
  | ({ readonly kind: "listening" } & Listening)
  | { readonly kind: "ended" }
  | { readonly kind: "failed"; readonly error: ErrorRecord };
