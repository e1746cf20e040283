import type { Role } from "./role.ts";

/** One number per trial, role and metric. `metric` has no role prefix: `time_wait.peak`. */
export interface Measurement {
  readonly role: Role;
  readonly metric: string;
  readonly value: number;
}
