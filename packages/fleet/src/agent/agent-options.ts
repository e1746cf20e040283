import type { MonotonicClock } from "../clock/monotonic-clock.ts";
import type { Access } from "../connection-options.ts";
import type { AgentLimits } from "../limits/agent-limits.ts";
import type { AgentRole } from "../messages/agent-description.ts";

/** Where the sides of an agent live. */
export type AgentNetwork =
  /** Fresh namespaces per trial, joined to this bridge of the namespace at `path` (null: the agent's own). */
  | { readonly kind: "link"; readonly bridge: string; readonly path: string | null }
  /** The namespace at `path`: of a container, or a named one. */
  | { readonly kind: "namespace"; readonly path: string }
  /** The namespace in which the agent itself is. */
  | { readonly kind: "host" };

export interface AgentOptions {
  readonly access: Access;
  readonly churnlab: string;
  readonly roles: readonly AgentRole[];
  readonly labels: Readonly<Record<string, string>>;
  readonly network: AgentNetwork;
  /** Of its sources, or of its target: in 198.18.0.0/15 for a network of kind `link`. */
  readonly addresses: readonly string[];
  readonly capacity: number;
  /** Directory, of this user alone, in which results wait until they are acknowledged. */
  readonly spool: string;
  /** What a controller may ask for. */
  readonly limits: AgentLimits;
  readonly clock: MonotonicClock;
  /** One line for people. */
  log(line: string): void;
}
