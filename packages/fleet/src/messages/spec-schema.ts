import {
  ARRIVAL_SHAPES,
  BIND_MODES,
  BUILTIN_SERVERS,
  CLOSE_MODES,
  CLOSERS,
  ENGINE_NAMES,
  MISBEHAVIOURS,
  type Phases,
  ROLES,
  SCENARIO_BOUNDS,
  TARGET_ENGINES,
  type TargetSpec,
  TESTBED_KINDS,
  TOPOLOGIES,
  type TrialSpec,
  UPSTREAM_CONNECTIONS,
  WORKLOAD_KINDS,
  type Workload,
} from "@churnlab/core";
import { z } from "zod";

// Everything here is exact: what an agent does not know it cannot hold against its limits. Bounds are those of a scenario file.

const BOUNDS = SCENARIO_BOUNDS;
const ms = z.number().nonnegative().max(BOUNDS.durationMs);
const bytes = z.int().nonnegative().max(BOUNDS.bytes);
const rate = z.number().positive().max(BOUNDS.ratePerS);
const limit = z.int().min(1).max(BOUNDS.arrivals).nullable();
const requests = z.int().nonnegative().max(BOUNDS.requests);
const port = z.int().min(1).max(BOUNDS.port);
const words = z.record(z.string(), z.string());

const arrivalSchema = z.discriminatedUnion("model", [
  z.strictObject({
    model: z.literal("open"),
    shape: z.enum(ARRIVAL_SHAPES),
    ratePerS: rate,
    toPerS: rate.nullable(),
    steps: z.int().min(2).max(BOUNDS.rampSteps).nullable(),
    limit,
  }),
  z.strictObject({
    model: z.literal("closed"),
    connections: z.int().min(1).max(BOUNDS.connections),
    limit,
  }),
]);

/** How load is offered, as a scenario could have asked for it. */
export const workloadSchema: z.ZodType<Workload> = z
  .strictObject({
    kind: z.enum(WORKLOAD_KINDS),
    closer: z.enum(CLOSERS),
    close: z.enum(CLOSE_MODES),
    bind: z.enum(BIND_MODES),
    requestsPerConnection: z.union([
      requests,
      z.literal("unlimited"),
      z
        .strictObject({ from: requests, to: requests })
        .refine(({ from, to }) => from <= to, "from is above to"),
    ]),
    lifetimeMs: ms.nullable(),
    thinkMs: ms,
    protocol: z.enum(["http", "raw"]),
    requestBytes: bytes,
    responseBytes: bytes,
    arrival: arrivalSchema,
    // A fleet's are the sum over its agents.
    sources: z
      .int()
      .positive()
      .max(BOUNDS.agents * BOUNDS.sources),
    workers: z.int().positive().max(BOUNDS.workers).nullable(),
    engine: z.enum(["auto", ...ENGINE_NAMES]),
    timeouts: z.strictObject({ connectMs: ms, responseMs: ms }),
  })
  .refine(
    ({ kind, requestsPerConnection }) =>
      kind !== "short-lived" || requestsPerConnection !== "unlimited",
    "a short-lived connection ends after its requests",
  );

export const phasesSchema: z.ZodType<Phases> = z.strictObject({
  warmUpMs: ms,
  measureMs: ms,
  drainMs: ms,
});

const targetSpecSchema: z.ZodType<TargetSpec> = z.union([
  z.strictObject({
    server: z.enum(BUILTIN_SERVERS),
    port,
    backlog: z.int().nonnegative().max(BOUNDS.backlog),
    delayMs: ms,
    misbehaviour: z.enum(MISBEHAVIOURS),
    engine: z.enum(TARGET_ENGINES),
  }),
  z.strictObject({ command: z.array(z.string()).min(1), port, env: words }),
  z.strictObject({
    image: z.string(),
    port,
    command: z.array(z.string()).nullable(),
    env: words,
  }),
  z.strictObject({ url: z.string() }),
]);

/** Everything a trial is, as a controller sends it to those who build its world. */
export const trialSpecSchema: z.ZodType<TrialSpec> = z.strictObject({
  testbed: z.enum(TESTBED_KINDS),
  topology: z.enum(TOPOLOGIES),
  target: targetSpecSchema,
  upstream: z.exactOptional(
    z.strictObject({
      connections: z.enum(UPSTREAM_CONNECTIONS),
      poolSize: z.int().positive().max(BOUNDS.poolSize),
      idleTimeoutMs: ms,
    }),
  ),
  workload: workloadSchema,
  phases: phasesSchema,
  sysctls: z.strictObject(
    Object.fromEntries(ROLES.map((role) => [role, z.exactOptional(words)])) as Record<
      (typeof ROLES)[number],
      z.ZodExactOptional<typeof words>
    >,
  ),
  fleet: z.exactOptional(
    z.strictObject({
      agents: z.int().positive().max(BOUNDS.agents),
      labels: words,
      perAgent: z.strictObject({
        workers: z.int().positive().max(BOUNDS.workers).nullable(),
        sources: z.int().positive().max(BOUNDS.sources),
      }),
      target: z.strictObject({ labels: words }),
    }),
  ),
  observe: z.strictObject({ resets: z.boolean(), ports: z.boolean() }),
});
