import type { ContainerAbility } from "@churnlab/testbed";
import { z } from "zod";
import { AGENT_NAME } from "../subjects.ts";
import { type TrialKey, trialKeySchema } from "./trial-messages.ts";

export const AGENT_ROLES = ["load", "target"] as const;
export type AgentRole = (typeof AGENT_ROLES)[number];

/** `link`: a fresh namespace per trial; `namespace`: one that is there; `host`: that of the agent itself. */
export const AGENT_NETWORKS = ["link", "namespace", "host"] as const;
export type AgentNetworkKind = (typeof AGENT_NETWORKS)[number];

/** What an agent says of itself when it is asked. */
export interface AgentDescription {
  readonly protocol: number;
  readonly churnlab: string;
  readonly name: string;
  /** Unique per process: two agents with one name differ in it. */
  readonly instance: string;
  readonly roles: readonly AgentRole[];
  readonly labels: Readonly<Record<string, string>>;
  /** Processors. */
  readonly cores: number;
  /** Most worker threads that it offers to a trial. */
  readonly capacity: number;
  readonly kernel: string;
  readonly network: AgentNetworkKind;
  /** Addresses that its load comes from, or at which its target listens. */
  readonly addresses: readonly string[];
  /** `ip_local_port_range` before any trial, as the kernel prints it. */
  readonly portRange: string;
  readonly engines: readonly string[];
  /** What runs its targets in containers, `docker 28.5.1`; or why none can be there. */
  readonly containers: ContainerAbility;
  /** CLOCK_MONOTONIC of the agent when it answered, milliseconds. */
  readonly nowMs: number;
}

export const agentDescriptionSchema: z.ZodType<AgentDescription> = z.strictObject({
  protocol: z.int(),
  churnlab: z.string(),
  name: z.string().regex(AGENT_NAME),
  instance: z.string(),
  roles: z.array(z.enum(AGENT_ROLES)),
  labels: z.record(z.string(), z.string()),
  cores: z.int().positive(),
  capacity: z.int().positive(),
  kernel: z.string(),
  network: z.enum(AGENT_NETWORKS),
  addresses: z.array(z.string()).min(1),
  portRange: z.string(),
  engines: z.array(z.string()),
  containers: z.union([
    z.strictObject({ engine: z.string() }),
    z.strictObject({ lack: z.string() }),
  ]),
  nowMs: z.number(),
});

/** `done`: its load has ended, or was given up, and its side is still there. */
export const AGENT_STATES = ["idle", "prepared", "armed", "running", "done"] as const;
export type AgentState = (typeof AGENT_STATES)[number];

/** 1 Hz of every agent. */
export interface Heartbeat {
  readonly agent: string;
  readonly instance: string;
  readonly seq: number;
  readonly state: AgentState;
  readonly run: string | null;
  /** Of the attempt that it has a side of. */
  readonly key: TrialKey | null;
  readonly nowMs: number;
}

/** Not exact: a name is taken also by an agent of another version. */
export const heartbeatSchema: z.ZodType<Heartbeat> = z.object({
  agent: z.string(),
  instance: z.string(),
  seq: z.int().nonnegative(),
  state: z.enum(AGENT_STATES),
  run: z.string().nullable(),
  key: trialKeySchema.nullable().default(null),
  nowMs: z.number(),
});

/** 1 Hz of a controller: what the dead-man's switch of its agents waits for. */
export interface ControllerHeartbeat {
  /** Unique per process. */
  readonly holder: string;
  readonly run: string;
  readonly seq: number;
}

/** Not exact: a controller of another version lives, too, and keeps its locks. */
export const controllerHeartbeatSchema: z.ZodType<ControllerHeartbeat> = z.object({
  holder: z.string(),
  run: z.string(),
  seq: z.int().nonnegative(),
});
