import type { Arrival, Phases, TargetSpec, Workload } from "@churnlab/core";
import type { AgentRole } from "../messages/agent-description.ts";
import type { ArmRequest, PrepareRequest } from "../messages/trial-messages.ts";
import type { TargetKind } from "./agent-limits.ts";

/** What a request comes to, in the terms of limits. What is absent is not asked for. */
export interface Asked {
  readonly role?: AgentRole;
  /** Addresses that load would go to. */
  readonly addresses?: readonly string[];
  readonly ports?: readonly number[];
  /** Arrivals per second at most; Infinity for a closed loop. */
  readonly ratePerS?: number;
  /** Most connections that may be open at once. */
  readonly connections?: number;
  readonly sysctls?: readonly string[];
  readonly target?: TargetKind | "url";
  /** A target on the host itself. */
  readonly hostTarget?: boolean;
}

/** What preparing a trial asks for. `onHost`: the agent would do it on its host, not in a namespace of the trial's own. */
export function askedByPrepare(request: PrepareRequest, onHost: boolean): Asked {
  const { part, spec, peers } = request;
  const { client = {}, target = {}, upstream = {} } = spec.sysctls;
  if (part === "load") {
    return { role: "load", addresses: peers, sysctls: Object.keys(client) };
  }
  return {
    role: "target",
    sysctls: [...Object.keys(target), ...Object.keys(upstream)],
    target: kindOf(spec.target),
    hostTarget: onHost,
  };
}

/** What arming a shard asks for: this agent's share of the whole. */
export function askedByArm({ workload, phases, target, share }: ArmRequest): Asked {
  const part = share.count / share.of;
  return {
    role: "load",
    addresses: [target.host],
    ports: [target.port],
    ratePerS: part * peakRatePerS(workload.arrival),
    connections: Math.ceil(part * connectionsMax(workload, phases)),
  };
}

function kindOf(spec: TargetSpec): TargetKind | "url" {
  if ("server" in spec) return spec.server;
  if ("image" in spec) return "image";
  return "command" in spec ? "command" : "url";
}

function peakRatePerS(arrival: Arrival): number {
  return arrival.model === "closed"
    ? Number.POSITIVE_INFINITY
    : Math.max(arrival.ratePerS, arrival.toPerS ?? 0);
}

/** If nothing is ever answered: held connections stay until the end, others until their time-outs. */
function connectionsMax({ kind, arrival, timeouts }: Workload, phases: Phases): number {
  if (arrival.model === "closed") return arrival.connections;
  const stayMs =
    kind === "hold" ? phases.warmUpMs + phases.measureMs : timeouts.connectMs + timeouts.responseMs;
  return Math.ceil((peakRatePerS(arrival) * stayMs) / 1000);
}
