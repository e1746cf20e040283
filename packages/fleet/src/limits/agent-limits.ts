import type { AgentRole } from "../messages/agent-description.ts";

/** What a target may be, as far as an agent starts it: `command` runs any program that the controller names. */
export const TARGET_KINDS = ["builtin", "fastify", "command", "image"] as const;
export type TargetKind = (typeof TARGET_KINDS)[number];

/**
 * What a controller may ask of an agent. It is written on the agent's own host and judged there, so whoever takes over a
 * controller or the server still cannot turn agents on a third party.
 */
export interface AgentLimits {
  /** Where the load may go, in CIDR notation. */
  readonly addresses: readonly string[];
  /** Which ports there: `80`, `8000-8999`. */
  readonly ports: readonly string[];
  /** Arrivals per second of this agent's share. null: no bound; otherwise closed loops, which have none, are refused. */
  readonly ratePerS: number | null;
  /** Connections open at once; null: no bound. */
  readonly connections: number | null;
  /** Names of sysctls, or their beginnings (`net.ipv4.*`). */
  readonly sysctls: readonly string[];
  readonly roles: readonly AgentRole[];
  readonly targets: readonly TargetKind[];
  /** Whether a target may run on the host itself, outside a namespace of the trial's own. */
  readonly hostTarget: boolean;
  /** The file that they are from, for people; null: none, these are the defaults. */
  readonly file: string | null;
}

/**
 * Loopback, and the addresses that RFC 2544 sets aside for benchmarks; no program but ours; nothing on the host itself.
 * Sysctls are those of the trial's namespace, which is gone after it.
 */
export const DEFAULT_LIMITS: AgentLimits = {
  addresses: ["127.0.0.0/8", "::1/128", "198.18.0.0/15"],
  ports: ["1-65535"],
  ratePerS: null,
  connections: null,
  sysctls: ["net.*"],
  roles: ["load", "target"],
  targets: ["builtin", "fastify"],
  hostTarget: false,
  file: null,
};
