import { z } from "zod";
import { BLOCK_LOOKS } from "../comparison/should-add-blocks.ts";
import { TESTBED_KINDS, TOPOLOGIES, UPSTREAM_CONNECTIONS } from "../scenario.ts";
import { SCENARIO_BOUNDS } from "../scenario-bounds.ts";
import type { SysctlEntry } from "../sysctl-catalogue/sysctl-entry.ts";
import { SYSCTLS } from "../sysctl-catalogue.ts";
import { DEFAULTS } from "./defaults.ts";
import type { FileGate, FileHeader, FileSpec } from "./file-spec.ts";
import { duration, positiveDuration, share } from "./quantity-schemas.ts";
import { targetSchema } from "./target-schema.ts";
import { workloadSchema } from "./workload-schema.ts";

/*
 * The shape of a scenario file. Every field of a trial is optional here, because a variant may leave it to the scenario
 * and the scenario to the defaults; what belongs together is checked on the merged variant (`validate-spec.ts`).
 */

/** A trial that loses an agent time and again says something of the fleet, which more attempts do not mend. */
const ATTEMPTS_MAX = 10;

const phases = z.strictObject({
  warmUp: duration.optional().meta({
    description: "load that is not counted",
    default: DEFAULTS.phases.warmUp,
  }),
  measure: positiveDuration.optional().meta({
    description: "load that is counted",
    default: DEFAULTS.phases.measure,
  }),
  drain: duration.optional().meta({
    description: "how long the kernels are watched after the load",
    default: DEFAULTS.phases.drain,
  }),
});

/**
 * Names and values are checked against the catalogue, not here; in the JSON Schema the names are listed, so that editors
 * complete and explain them.
 */
const settings = z.record(z.string(), z.union([z.number(), z.string()])).meta({
  id: "sysctls",
  properties: Object.fromEntries(
    SYSCTLS.filter(({ scope }) => scope === "namespace").map((entry) => [
      entry.name,
      { type: ["number", "string"], description: describeForEditor(entry) },
    ]),
  ),
});

function describeForEditor({ meaning, default: initial, since }: SysctlEntry): string {
  const value = initial === null ? "" : ` Default: ${initial === "" ? "empty" : initial}.`;
  return `${meaning}${value}${since === null ? "" : ` Since Linux ${since}.`}`;
}

const upstream = z.strictObject({
  connections: z.enum(UPSTREAM_CONNECTIONS).optional().meta({
    description: "one for each request, or kept and shared by requests",
    default: DEFAULTS.upstream.connections,
  }),
  poolSize: z.int().min(1).max(SCENARIO_BOUNDS.poolSize).optional().meta({
    description: "pooled: at most so many at once; requests wait for one",
    default: DEFAULTS.upstream.poolSize,
  }),
  idleTimeout: positiveDuration.optional().meta({
    description: "pooled: close a connection that had no request for so long",
    default: DEFAULTS.upstream.idleTimeout,
  }),
});

const observe = z.strictObject({
  resets: z.boolean().optional().meta({
    description: "capture every RST segment",
    default: DEFAULTS.observe.resets,
  }),
  ports: z.boolean().optional().meta({
    description: "dump the sockets now and then to count ports in use",
    default: DEFAULTS.observe.ports,
  }),
});

const labels = z
  .record(z.string().regex(/^[A-Za-z0-9_./-]{1,64}$/), z.union([z.number(), z.string()]))
  .meta({ title: "labels" });

const fleet = z.strictObject({
  agents: z.int().min(1).max(SCENARIO_BOUNDS.agents).optional().meta({
    description: "agents that offer load, each on a machine of its own or not",
    default: DEFAULTS.fleet.agents,
  }),
  labels: labels.optional().describe("take only agents that have all of these"),
  perAgent: z
    .strictObject({
      workers: z
        .int()
        .min(1)
        .max(SCENARIO_BOUNDS.workers)
        .optional()
        .describe("worker threads of each; chosen from its sources and processors when absent"),
      sources: z.int().min(1).max(SCENARIO_BOUNDS.sources).optional().meta({
        description: "source addresses of each, a namespace and a port budget each",
        default: DEFAULTS.fleet.perAgent.sources,
      }),
    })
    .optional(),
  target: z
    .strictObject({
      labels: labels.optional().describe("take only an agent that has all of these"),
    })
    .optional(),
});

const specShape = {
  testbed: z.enum(TESTBED_KINDS).optional().meta({
    description:
      "where the hosts live. netns: fresh network namespaces. docker: the target in a container, with a fleet on the host of its agent. external: the target is a server of yours",
    default: DEFAULTS.testbed,
  }),
  topology: z.enum(TOPOLOGIES).optional().meta({
    description: "direct: client → target. gateway: client → target → upstream",
    default: DEFAULTS.topology,
  }),
  target: targetSchema.optional(),
  workload: workloadSchema.optional(),
  upstream: upstream.optional().describe("topology gateway: how the built-in gateway dials"),
  phases: phases.optional(),
  sysctls: z
    .strictObject({
      client: settings.optional().meta({ description: "of the side that dials" }),
      target: settings.optional().meta({ description: "of the side that listens" }),
      upstream: settings
        .optional()
        .meta({ description: "topology gateway: of the side behind the target" }),
    })
    .optional()
    .describe("values to write, by role and name"),
  fleet: fleet.optional().describe("agents that run it, found over NATS; see run --nats"),
  observe: observe.optional(),
};

/** The sections that a variant may override: everything one trial needs to know. */
export const SPEC_SECTIONS: readonly string[] = Object.keys(specShape);

export const specSchema: z.ZodType<FileSpec> = z.strictObject(specShape);

const name = z
  .string()
  .max(100)
  .regex(/^[^\p{Cc}\s](?:[^\p{Cc}]*[^\p{Cc}\s])?$/u)
  .meta({ title: "name" });

const bound = z.union([z.number(), z.string()]);

const gate: z.ZodType<FileGate> = z.strictObject({
  metric: z.string().min(1).describe("role.metric, for example client.failures.EADDRNOTAVAIL"),
  variant: z.string().optional().describe("every variant when absent"),
  max: bound
    .optional()
    .describe("no trial above this: a number in the metric's unit, or with one, as 5ms or 400/s"),
  min: bound.optional().describe("no trial below this"),
  equals: bound.optional().describe("every trial exactly this"),
  against: z
    .string()
    .optional()
    .describe(
      "baseline, the name of a variant, or model: what the port model predicts of the variant",
    ),
  worseBy: share.optional().describe("with `against`: how much worse it may be, for example 10%"),
  within: share
    .optional()
    .describe(
      "with `against: model`: how far a trial may lie from the prediction; 3% when absent, of gauges 5%",
    ),
  budget: share
    .optional()
    .describe(
      "with `against`, of a count: events per connection that may be where the baseline has none; 0.001% when absent",
    ),
});

const variant = z.strictObject({
  name,
  baseline: z.boolean().optional().describe("compare the others with this one"),
  ...specShape,
});

export const scenarioFileSchema: z.ZodType<FileHeader & FileSpec> = z.strictObject({
  version: z.literal(1).describe("of this format"),
  name: name.meta({ description: "what runs are listed under, and what their history follows" }),
  description: z.string().max(2000).optional().meta({
    description: "what the scenario asks, in a sentence",
    default: DEFAULTS.description,
  }),
  ...specShape,
  variants: z.array(variant).min(1).optional().meta({
    description:
      "what is compared; each overrides any field. The first is the baseline unless one says so",
  }),
  matrix: z
    .record(z.string(), z.array(z.unknown()).min(1))
    .optional()
    .describe("axes by dotted path; every combination becomes a variant"),
  replicates: z
    .union([z.int().min(1).max(1000), z.literal("auto")])
    .meta({ title: "replicates" })
    .optional()
    .meta({
      description: `how often each variant runs. auto: ${BLOCK_LOOKS.join(", ")} times, until the intervals are narrow`,
      default: DEFAULTS.replicates,
    }),
  seed: z.int().min(0).max(2_147_483_647).optional().meta({
    description:
      "decides the order of trials and every random draw; the same seed gives the same plan",
    default: DEFAULTS.seed,
  }),
  attempts: z.int().min(1).max(ATTEMPTS_MAX).optional().meta({
    description:
      "how often a trial is begun at most: one that loses an agent (killed, frozen, cut off, too slow, started late) is repeated, whole; every attempt is stored, the last one counts",
    default: DEFAULTS.attempts,
  }),
  soak: z.boolean().optional().meta({
    description:
      "a trial that loses an agent goes on with those left and is degraded: kept, but neither repeated nor compared",
    default: DEFAULTS.soak,
  }),
  gates: z.array(gate).optional().describe("bounds that the run must keep"),
});
