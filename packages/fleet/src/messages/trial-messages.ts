import type {
  Measurement,
  Phases,
  PortReading,
  QueueReading,
  Share,
  SysctlRecord,
  TargetAddress,
  TrialSpec,
  Warning,
  Workload,
} from "@churnlab/core";
import {
  REQUEST_PATH,
  ROLES,
  SAMPLE_INTERVAL_MS,
  SCENARIO_BOUNDS,
  WARNING_CODES,
  type WarningCode,
} from "@churnlab/core";
import { z } from "zod";
import { phasesSchema, trialSpecSchema, workloadSchema } from "./spec-schema.ts";

/** One attempt at one trial of a run. */
export interface TrialKey {
  readonly trial: number;
  readonly attempt: number;
}

/** Whether both are one attempt. */
export function isSameAttempt(a: TrialKey, b: TrialKey): boolean {
  return a.trial === b.trial && a.attempt === b.attempt;
}

export const trialKeySchema: z.ZodType<TrialKey> = z.strictObject({
  trial: z.int().nonnegative(),
  attempt: z.int().positive(),
});

const addressSchema = z.string().regex(/^[0-9A-Fa-f.:]+$/);
const roleSchema = z.enum(ROLES);

/** Builds an agent's part of the world of a trial. */
export interface PrepareRequest {
  readonly key: TrialKey;
  readonly part: "load" | "target";
  readonly spec: TrialSpec;
  /** `load`: how many of the agent's addresses and workers are used. */
  readonly sources: number;
  readonly workers: number;
  /** Addresses of the other side: what the load may go to, or whom the target will see. */
  readonly peers: readonly string[];
  /** The agent's clock minus the controller's: live samples of all agents are taken on one grid of the controller's. */
  readonly clockOffsetMs: number;
  /** Between live messages. */
  readonly liveMs: number;
}

export const prepareRequestSchema: z.ZodType<PrepareRequest> = z.strictObject({
  key: trialKeySchema,
  part: z.enum(["load", "target"]),
  spec: trialSpecSchema,
  sources: z.int().positive(),
  workers: z.int().positive(),
  peers: z.array(addressSchema),
  clockOffsetMs: z.number(),
  liveMs: z.number().min(SAMPLE_INTERVAL_MS),
});

const warningSchema: z.ZodType<Warning> = z.strictObject({
  code: z.enum(Object.keys(WARNING_CODES) as WarningCode[]),
  message: z.string(),
});

const targetAddressSchema: z.ZodType<TargetAddress> = z.strictObject({
  host: addressSchema,
  port: z.int().min(1).max(SCENARIO_BOUNDS.port),
  path: z.string().regex(REQUEST_PATH),
  tls: z.boolean(),
});

export interface PrepareReply {
  readonly sysctls: readonly SysctlRecord[];
  readonly facts: Readonly<Record<string, string>>;
  /** `target`: where it listens. */
  readonly target: TargetAddress | null;
  readonly warnings: readonly Warning[];
}

export const prepareReplySchema: z.ZodType<PrepareReply> = z.strictObject({
  sysctls: z.array(
    z.strictObject({
      role: roleSchema,
      name: z.string(),
      was: z.string(),
      requested: z.string().nullable(),
      effective: z.string(),
    }),
  ),
  facts: z.record(z.string(), z.string()),
  target: targetAddressSchema.nullable(),
  warnings: z.array(warningSchema),
});

/** Gives an agent its share; answered when its workers are ready. */
export interface ArmRequest {
  readonly key: TrialKey;
  readonly seed: number;
  readonly workload: Workload;
  readonly phases: Phases;
  readonly target: TargetAddress;
  readonly share: Share;
}

const shareSchema: z.ZodType<Share> = z
  .strictObject({
    first: z.int().nonnegative(),
    count: z.int().positive(),
    of: z.int().positive(),
  })
  .refine(({ first, count, of }) => first + count <= of, "a share is within its whole");

export const armRequestSchema: z.ZodType<ArmRequest> = z.strictObject({
  key: trialKeySchema,
  seed: z.number(),
  workload: workloadSchema,
  phases: phasesSchema,
  target: targetAddressSchema,
  share: shareSchema,
});

/** The start, on the agent's own CLOCK_MONOTONIC. An agent that gets it too late refuses. */
export interface StartRequest {
  readonly key: TrialKey;
  readonly startAtMs: number;
}

export const startRequestSchema: z.ZodType<StartRequest> = z.strictObject({
  key: trialKeySchema,
  startAtMs: z.number(),
});

/** Names the trial that is meant: `stop`, `finish` and `restore` need no more. */
export interface KeyedRequest {
  readonly key: TrialKey;
}

export const keyedRequestSchema: z.ZodType<KeyedRequest> = z.strictObject({ key: trialKeySchema });

/** Whether the side that is gone now had load that went on until it was to go. */
export interface RestoreReply {
  readonly hadLoad: boolean;
}

export const restoreReplySchema: z.ZodType<RestoreReply> = z.strictObject({ hadLoad: z.boolean() });

/** Whether the results that are missed are on the agent's disk: then they were published again. */
export interface ReplayReply {
  readonly isKept: boolean;
}

export const replayReplySchema: z.ZodType<ReplayReply> = z.strictObject({ isKept: z.boolean() });

/** A look at one role of the agent's side of the trial. */
export interface ReadRequest {
  readonly key: TrialKey;
  /** With `target`, what the target says of itself comes too. */
  readonly role: (typeof ROLES)[number];
  /** When to look, on the agent's own clock; null: at once. */
  readonly atMs: number | null;
  /** The measure phase begins with this look: the target counts from here on. */
  readonly marks: boolean;
}

export const readRequestSchema: z.ZodType<ReadRequest> = z.strictObject({
  key: trialKeySchema,
  role: roleSchema,
  atMs: z.number().nullable(),
  marks: z.boolean(),
});

/** Counters and gauges of one role's kernel at one time. */
export interface RoleReading {
  readonly role: (typeof ROLES)[number];
  /** When it was taken, on the agent's clock. */
  readonly atMs: number;
  readonly gauges: Readonly<Record<string, number>>;
  readonly counters: Readonly<Record<string, number>>;
  /** null in most: they cost more than counters. */
  readonly queues: QueueReading | null;
  /** null in most: a dump walks the kernel's whole socket table. */
  readonly ports: PortReading | null;
}

const countsSchema = z.record(z.string(), z.number());

const queuesSchema: z.ZodType<QueueReading> = z.strictObject({
  listeners: z.array(
    z.strictObject({
      address: z.string(),
      port: z.number(),
      depth: z.number(),
      limit: z.number(),
      synReceived: z.number(),
    }),
  ),
  synReceived: z.number(),
});

const portsSchema: z.ZodType<PortReading> = z.strictObject({
  states: countsSchema,
  used: z.number(),
  range: z.number(),
  tuples: z.array(
    z.strictObject({
      source: z.string(),
      destination: z.string(),
      destinationPort: z.number(),
      used: z.number(),
      range: z.number(),
      states: countsSchema,
    }),
  ),
  tuplesLeftOff: z.number(),
});

const readingShape = {
  role: roleSchema,
  atMs: z.number(),
  gauges: countsSchema,
  counters: countsSchema,
  queues: queuesSchema.nullable(),
  ports: portsSchema.nullable(),
};

export const roleReadingSchema: z.ZodType<RoleReading> = z.strictObject(readingShape);

/** Something that happened, on the agent's clock. */
export interface RoleEvent {
  readonly role: (typeof ROLES)[number];
  readonly atMs: number;
  readonly kind: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface RoleLook extends RoleReading {
  /** Since the last look. */
  readonly events: readonly RoleEvent[];
  /** All so far. */
  readonly warnings: readonly Warning[];
}

const roleLookSchema: z.ZodType<RoleLook> = z.strictObject({
  ...readingShape,
  events: z.array(
    z.strictObject({
      role: roleSchema,
      atMs: z.number(),
      kind: z.string(),
      detail: z.record(z.string(), z.unknown()),
    }),
  ),
  warnings: z.array(warningSchema),
});

/** What a target says of itself. */
export interface TargetLook {
  readonly ended: string | null;
  readonly keptOpen: number;
  readonly measurements: readonly Measurement[];
  readonly log: string;
  /** Doubts about its own numbers. */
  readonly warnings: readonly Warning[];
}

const targetLookSchema: z.ZodType<TargetLook> = z.strictObject({
  ended: z.string().nullable(),
  keptOpen: z.number(),
  measurements: z.array(
    z.strictObject({ role: roleSchema, metric: z.string(), value: z.number() }),
  ),
  log: z.string(),
  warnings: z.array(warningSchema),
});

export interface ReadReply {
  readonly roles: readonly RoleLook[];
  readonly target: TargetLook | null;
}

export const readReplySchema: z.ZodType<ReadReply> = z.strictObject({
  roles: z.array(roleLookSchema),
  target: targetLookSchema.nullable(),
});
