import {
  type Arrival,
  type Phases,
  type Share,
  shareOfWorkers,
  type TargetSpec,
  type Workload,
} from "@churnlab/core";
import { imageOf } from "@churnlab/testbed";
import type { AgentNetworkKind, AgentRole } from "../messages/agent-description.ts";
import type { ArmRequest, PrepareRequest } from "../messages/trial-messages.ts";
import type { TargetKind } from "./agent-limits.ts";

/** What a request comes to, in the terms of limits. What is absent is not asked for. */
export interface Asked {
  readonly role?: AgentRole;
  /** Addresses that load would go to. */
  readonly addresses?: readonly string[];
  readonly ports?: readonly number[];
  /** Connections or requests per second at most, whichever are more; Infinity for a closed loop. */
  readonly ratePerS?: number;
  /** Most connections that may be open at once. */
  readonly connections?: number;
  /** Warm-up, measure phase and drain: how long its side is needed. */
  readonly durationMs?: number;
  readonly sysctls?: readonly string[];
  /** They would be those of a namespace that outlives the trial. */
  readonly stays?: boolean;
  readonly target?: TargetKind | "url";
  /** The image of a target's container. */
  readonly image?: string;
  /** A target on the host itself. */
  readonly hostTarget?: boolean;
}

/** What preparing a trial asks for, of an agent whose sides live there. */
export function askedByPrepare(request: PrepareRequest, network: AgentNetworkKind): Asked {
  const { part, spec, peers } = request;
  const { client = {}, target = {}, upstream = {} } = spec.sysctls;
  const stays = network !== "link";
  const durationMs = sumOf(spec.phases);
  if (part === "load") {
    return { role: "load", addresses: peers, sysctls: Object.keys(client), stays, durationMs };
  }
  const image = imageOf(spec);
  return {
    role: "target",
    durationMs,
    sysctls: [...Object.keys(target), ...Object.keys(upstream)],
    stays,
    hostTarget: network === "host",
    // The program of a container is the controller's choice, and may load whom it is joined with.
    ...(image === null
      ? { target: kindOf(spec.target) }
      : { target: "image", image, addresses: peers }),
  };
}

/**
 * What arming a shard asks for: this agent's share of the whole, at its worst. Poisson arrivals are random, and come to their mean.
 */
export function askedByArm({ workload, phases, target, share }: ArmRequest): Asked {
  const arrivalsPerS = (share.count / share.of) * peakRatePerS(workload.arrival, phases);
  return {
    role: "load",
    addresses: [target.host],
    ports: [target.port],
    ratePerS: unitsPerS(arrivalsPerS, requestsPerArrival(workload)),
    connections: connectionsMax(workload, { phases, share, arrivalsPerS }),
    durationMs: sumOf(phases),
  };
}

function sumOf({ warmUpMs, measureMs, drainMs }: Phases): number {
  return warmUpMs + measureMs + drainMs;
}

/** Of a target in no container. */
function kindOf(spec: TargetSpec): TargetKind | "url" {
  if ("server" in spec) return spec.server;
  if ("image" in spec) return "image";
  return "command" in spec ? "command" : "url";
}

function peakRatePerS(arrival: Arrival, { measureMs }: Phases): number {
  if (arrival.model === "closed") return Number.POSITIVE_INFINITY;
  const { shape, ratePerS, toPerS, steps } = arrival;
  const highest = Math.max(ratePerS, toPerS ?? 0);
  // Each plateau begins with an arrival, however short it is.
  const plateauMs = measureMs / (steps ?? 2);
  return shape === "step" && plateauMs < 1000 ? highest + 1000 / plateauMs : highest;
}

/** Only a short-lived connection has requests of its own: all others wait for an arrival, or ask for nothing. */
function requestsPerArrival({ kind, requestsPerConnection: requests }: Workload): number {
  if (kind !== "short-lived") return 1;
  if (requests === "unlimited") return Number.POSITIVE_INFINITY;
  return Math.max(1, typeof requests === "number" ? requests : requests.to);
}

/** Several requests of one connection follow each other as fast as they are answered: within a second, for all we know. */
function unitsPerS(arrivalsPerS: number, requests: number): number {
  return requests === 1 ? arrivalsPerS : requests * Math.max(1, arrivalsPerS);
}

interface Extent {
  readonly phases: Phases;
  readonly share: Share;
  readonly arrivalsPerS: number;
}

/** If every answer takes as long as it may. */
function connectionsMax(workload: Workload, { phases, share, arrivalsPerS }: Extent): number {
  const { arrival } = workload;
  if (arrival.model === "closed") return shareOfWorkers(arrival.connections, share);
  const loadMs = phases.warmUpMs + phases.measureMs;
  return Math.ceil((arrivalsPerS * Math.min(loadMs, stayMs(workload))) / 1000);
}

/** How long an arrival may hold a connection: its handshake, its requests and the pauses after them, and the peer's close. */
function stayMs(workload: Workload): number {
  const { kind, timeouts, thinkMs } = workload;
  if (kind === "hold") return Number.POSITIVE_INFINITY;
  const eachMs = timeouts.responseMs + thinkMs;
  return timeouts.connectMs + requestsPerArrival(workload) * eachMs + timeouts.responseMs;
}
