import type { Role } from "./role.ts";

/** One value of one metric at one time from one role. A missed sample has no value: it is a hole. */
export interface Sample {
  readonly role: Role;
  readonly metric: string;
  /** Milliseconds since the start of the measure phase; negative during warm-up. */
  readonly tMs: number;
  readonly value: number;
}

/** Something that happened once, with what is known about it. */
export interface TrialEvent {
  readonly role: Role;
  readonly tMs: number;
  readonly kind: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** One sysctl of one role: before, asked for, and read back after the write. */
export interface SysctlRecord {
  readonly role: Role;
  readonly name: string;
  readonly was: string;
  readonly requested: string | null;
  readonly effective: string;
}

/**
 * Where a trial ran. `facts` are flat `key → value` strings (kernel.release, cpu.count, hz, distribution,
 * client.net.ipv4.tcp_timestamps …); the fingerprint is computed over those that must be equal for two runs to be
 * comparable.
 */
export interface Environment {
  readonly facts: Readonly<Record<string, string>>;
}
