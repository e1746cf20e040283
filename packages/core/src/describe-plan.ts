import { BLOCK_LOOKS, BLOCKS_MAX } from "./comparison/should-add-blocks.ts";
import { countOpenFiles } from "./count-open-files.ts";
import { maxOf } from "./extremes.ts";
import { countGateBlocks, type GateBlocks } from "./gates/count-against.ts";
import { forecastGateway, type GatewayForecast } from "./port-model/forecast-gateway.ts";
import type { KernelFacts, PortPrediction } from "./port-model/port-forecast.ts";
import { predictPorts } from "./port-model.ts";
import { ROLES, type Role } from "./role.ts";
import type { Scenario, TestbedKind, TrialSpec, Variant, Workload } from "./scenario.ts";
import { findSysctl } from "./sysctl-catalogue.ts";
import type { Plan } from "./trial.ts";
import { warnIneffective } from "./warn-ineffective.ts";
import type { Warning } from "./warnings.ts";

/** What a run would do, before it does it. The JSON of `churnlab plan --json`. */
export interface PlanDescription {
  readonly schemaVersion: 1;
  readonly scenario: string;
  readonly description: string;
  readonly seed: number;
  readonly replicates: number;
  /** The fewest replicates after which the run may end; as many as `replicates` unless they are `auto`. */
  readonly replicatesMin: number;
  /** What the gates against a variant ask of the number of blocks; null without such a gate. */
  readonly gateBlocks: GateBlocks | null;
  readonly trials: number;
  readonly durationMs: number;
  readonly variants: readonly VariantDescription[];
  /** The variants in the order they run, one list for each block. */
  readonly blocks: readonly (readonly string[])[];
  readonly needs: PlanNeeds;
}

/** What a trial needs of a fleet. */
export interface FleetNeeds {
  readonly agents: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly sourcesPerAgent: number;
  readonly workersPerAgent: number | null;
  readonly targetLabels: Readonly<Record<string, string>>;
  /** Images that its target's containers are of; null stands for that of churnlab's own servers, which the agent knows. */
  readonly targetImages: readonly (string | null)[];
}

export interface VariantDescription {
  readonly name: string;
  readonly baseline: boolean;
  /** Of one trial: its phases, and what it takes to build and remove its world. */
  readonly trialMs: number;
  /** A closed loop with a limit ends when it has made so many connections: `trialMs` is the most that it takes. */
  readonly mayEndEarly: boolean;
  readonly sysctls: readonly SysctlChange[];
  readonly ports: PortPrediction;
  /** What the target's ports allow, where it is a gateway that the model knows; else null. */
  readonly gatewayPorts: GatewayForecast | null;
  readonly warnings: readonly Warning[];
}

export interface SysctlChange {
  readonly role: Role;
  readonly name: string;
  /** In a new namespace; null where the kernel computes it or the catalogue does not know. */
  readonly default: string | null;
  readonly value: string;
}

export interface PlanNeeds {
  readonly testbeds: readonly TestbedKind[];
  /** CAP_NET_ADMIN, or user namespaces in which anybody has it. */
  readonly networkAdmin: boolean;
  /** The largest fleet of its variants; null where everything is on this machine. */
  readonly fleet: FleetNeeds | null;
  /** Open files that this process needs at once, about: the most that a variant needs (`countOpenFiles`). */
  readonly openFiles: number;
}

/** Building and removing a world, arming workers, and the last connections' time to close. */
const OVERHEAD_MS = 300;

/** About how long one trial of a spec takes; a closed loop with a limit takes at most so long. */
export function estimateTrialMs({ phases, workload }: TrialSpec): number {
  const { warmUpMs, measureMs, drainMs } = phases;
  return warmUpMs + Math.min(measureMs, estimateArrivalsMs(workload)) + drainMs + OVERHEAD_MS;
}

/** How long it takes until the limit of an open arrival is reached. What is held is held to the end of its phase. */
function estimateArrivalsMs({ arrival, kind }: Workload): number {
  if (arrival.limit === null || arrival.model === "closed" || kind === "hold") {
    return Number.POSITIVE_INFINITY;
  }
  // A ramp or a step is at its first rate at the begin, so this is the most that it can take where it rises.
  const slowestPerS = Math.min(arrival.ratePerS, arrival.toPerS ?? arrival.ratePerS);
  return (arrival.limit / slowestPerS) * 1000;
}

/** How fast a closed loop goes is decided by the answers, so nobody knows before when it reaches its limit. */
function mayEndEarly({ workload: { arrival, kind } }: TrialSpec): boolean {
  return arrival.limit !== null && arrival.model === "closed" && kind !== "hold";
}

/** Everything that can be said of a plan without running it. */
export function describePlan(
  scenario: Scenario,
  plan: Plan,
  facts: KernelFacts = {},
): PlanDescription {
  const blocks = Map.groupBy(plan.trials, ({ block }) => block);
  const gateBlocks = countGateBlocks(scenario);
  return {
    schemaVersion: 1,
    scenario: scenario.name,
    description: scenario.description,
    seed: plan.seed,
    replicates: scenario.replicates,
    replicatesMin: scenario.autoReplicates ? firstLook(gateBlocks) : scenario.replicates,
    gateBlocks,
    trials: plan.trials.length,
    durationMs: plan.trials.reduce((sum, { spec }) => sum + estimateTrialMs(spec), 0),
    variants: scenario.variants.map((variant) => describeVariant(variant, facts)),
    blocks: [...blocks.values()].map((trials) => trials.map(({ variant }) => variant)),
    needs: describeNeeds(scenario.variants.map(({ spec }) => spec)),
  };
}

/** A run does not end before its gates can fail. */
function firstLook(gateBlocks: GateBlocks | null): number {
  return BLOCK_LOOKS.find((look) => look >= (gateBlocks?.canFail ?? 0)) ?? BLOCKS_MAX;
}

function describeVariant(
  { name, baseline, spec }: Variant,
  facts: KernelFacts,
): VariantDescription {
  return {
    name,
    baseline,
    trialMs: estimateTrialMs(spec),
    mayEndEarly: mayEndEarly(spec),
    sysctls: ROLES.flatMap((role) =>
      Object.entries(spec.sysctls[role] ?? {}).map(([sysctl, value]) => ({
        role,
        name: sysctl,
        default: findSysctl(sysctl)?.default ?? null,
        value,
      })),
    ),
    ports: predictPorts(spec, facts),
    gatewayPorts: forecastGateway(spec, facts),
    warnings: warnIneffective(spec),
  };
}

function describeNeeds(specs: readonly TrialSpec[]): PlanNeeds {
  return {
    testbeds: [...new Set(specs.map(({ testbed }) => testbed))],
    networkAdmin: specs.some(({ testbed, fleet }) => testbed === "netns" && fleet === undefined),
    fleet: describeFleet(specs),
    openFiles: maxOf(specs.map(countOpenFiles)),
  };
}

function describeFleet(specs: readonly TrialSpec[]): FleetNeeds | null {
  const [largest] = specs
    .map(({ fleet }) => fleet)
    .filter((fleet) => fleet !== undefined)
    .toSorted((a, b) => b.agents - a.agents);
  if (largest === undefined) return null;
  return {
    agents: largest.agents,
    labels: largest.labels,
    sourcesPerAgent: largest.perAgent.sources,
    workersPerAgent: largest.perAgent.workers,
    targetLabels: largest.target.labels,
    targetImages: [...new Set(specs.flatMap(imageOnFleet))],
  };
}

function imageOnFleet({ fleet, testbed, target }: TrialSpec): (string | null)[] {
  if (fleet === undefined || testbed !== "docker") return [];
  return ["image" in target ? target.image : null];
}
