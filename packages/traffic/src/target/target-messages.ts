import type { ErrorRecord } from "../error-record.ts";
import type { TargetJob, TargetServerName } from "./target-server.ts";

/** To the target thread. */
export interface ServeOrder {
  readonly server: TargetServerName;
  readonly job: TargetJob;
  readonly namespaceFd: number;
  readonly counters: SharedArrayBuffer;
}

/** From the target thread: `ready` once, then `listening` and `ended`, or `failed`, for every order. */
export type TargetMessage =
  | { readonly kind: "ready"; readonly threadId: number }
  | { readonly kind: "listening"; readonly port: number }
  | { readonly kind: "ended" }
  | { readonly kind: "failed"; readonly error: ErrorRecord };
