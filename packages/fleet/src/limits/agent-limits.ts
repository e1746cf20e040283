import type { AgentRole } from "../messages/agent-description.ts";

/**
 * What a target may be, as far as an agent starts it: `command` runs any program that the controller names, `image` a container
 * of an image that the agent's own file names, with the program of the controller's choice inside.
 */
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
  /**
   * Connections or requests per second of this agent's share. null: no bound; otherwise closed loops, which have none, are
   * refused.
   */
  readonly ratePerS: number | null;
  /** Connections open at once; null: no bound. */
  readonly connections: number | null;
  /** How long the sides of one trial may be needed: warm-up, measure phase and drain together; null: no bound. */
  readonly durationMs: number | null;
  /** Names of sysctls, or their beginnings (`net.ipv4.*`); null: `FRESH_SYSCTLS`, or `STAYING_SYSCTLS`. */
  readonly sysctls: readonly string[] | null;
  readonly roles: readonly AgentRole[];
  readonly targets: readonly TargetKind[];
  /** Images that a target's container may be of: `nginx:1.28`, or `nginx:*` for any tag. */
  readonly images: readonly string[];
  /** Whether such an image may be pulled where it is missing. */
  readonly pull: boolean;
  /** Whether a target may run on the host itself, outside a namespace of the trial's own. */
  readonly hostTarget: boolean;
  /** The file that they are from, for people; null: none, these are the defaults. */
  readonly file: string | null;
}

/** Of a namespace that is the trial's own, and gone after it. */
export const FRESH_SYSCTLS: readonly string[] = ["net.*"];

/** Of a namespace that was there before and may be the host's: how TCP dials, listens and waits, and nothing that forwards. */
export const STAYING_SYSCTLS: readonly string[] = [
  "net.core.somaxconn",
  "net.ipv4.ip_local_port_range",
  "net.ipv4.tcp_abort_on_overflow",
  "net.ipv4.tcp_fin_timeout",
  "net.ipv4.tcp_max_syn_backlog",
  "net.ipv4.tcp_max_tw_buckets",
  "net.ipv4.tcp_rfc1337",
  "net.ipv4.tcp_syn_retries",
  "net.ipv4.tcp_synack_retries",
  "net.ipv4.tcp_syncookies",
  "net.ipv4.tcp_timestamps",
  "net.ipv4.tcp_tw_reuse",
  "net.ipv4.tcp_tw_reuse_delay",
];

/**
 * The addresses that RFC 2544 sets aside for benchmarks; no program but ours; nothing on the host itself. Not loopback: where the
 * network is the host's, what listens there alone trusts whoever reaches it.
 */
export const DEFAULT_LIMITS: AgentLimits = {
  addresses: ["198.18.0.0/15"],
  ports: ["1-65535"],
  ratePerS: null,
  connections: null,
  durationMs: null,
  sysctls: null,
  roles: ["load", "target"],
  targets: ["builtin", "fastify"],
  images: [],
  pull: false,
  hostTarget: false,
  file: null,
};
