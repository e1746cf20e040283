import { ChurnError, type FleetSpec, listSome, nameLabels, type TrialSpec } from "@churnlab/core";
import { imageOf } from "@churnlab/testbed";
import { WORKERS_DEFAULT_MAX } from "@churnlab/traffic";
import type { AgentDescription } from "../messages/agent-description.ts";
import { suggestAgent } from "./suggest-agent.ts";

/** Who does what in a trial. */
export interface Placement {
  readonly loads: readonly PlacedLoad[];
  readonly target: AgentDescription;
}

/** What of a trial's spec decides who can have its target. */
export type PlacedSpec = Pick<TrialSpec, "testbed" | "target" | "topology">;

/** What is placed, and what an agent that is missing would have to say of the server. */
export interface PlacedTrial extends PlacedSpec {
  /** `--nats URL`, … : see `describeReach`. */
  readonly reach: string;
}

export interface PlacedLoad {
  readonly agent: AgentDescription;
  readonly sources: number;
  readonly workers: number;
}

/**
 * Picks the agents of a trial: all that have the labels and the capacity, in the order of their names, so that the same fleet gives
 * the same placement. The target is an agent of its own. Throws `E_FLEET` with what is missing.
 */
export function placeAgents(
  fleet: FleetSpec,
  agents: readonly AgentDescription[],
  spec: PlacedTrial,
): Placement {
  requireDistinct(agents);
  const sorted = agents.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const chosen = chooseTarget(fleet, sorted, spec);
  const fitting = sorted.filter((agent) => agent !== chosen && offers(agent, "load", fleet.labels));
  const able = fitting.filter((agent) => isAble(agent, fleet));
  if (able.length < fleet.agents) {
    const { reach } = spec;
    throw tooFew(fleet, { fitting: fitting.length, able: able.length, all: sorted, reach });
  }
  return {
    target: chosen,
    loads: able.slice(0, fleet.agents).map((agent) => {
      const { sources, workers } = fleet.perAgent;
      const usual = Math.min(agent.capacity, WORKERS_DEFAULT_MAX);
      return { agent, sources, workers: workers ?? Math.max(sources, usual) };
    }),
  };
}

/** Throws `E_FLEET` with what each of them lacks. */
function chooseTarget(
  fleet: FleetSpec,
  sorted: readonly AgentDescription[],
  spec: PlacedTrial,
): AgentDescription {
  const addresses = spec.topology === "gateway" ? 2 : 1;
  const targets = sorted.filter(
    (agent) => offers(agent, "target", fleet.target.labels) && agent.addresses.length >= addresses,
  );
  const able = targets.filter(
    ({ containers }) => spec.testbed !== "docker" || "engine" in containers,
  );
  // One that offers nothing but a target is not missed among the load.
  const [chosen] = able.toSorted((a, b) => a.roles.length - b.roles.length);
  if (chosen !== undefined) return chosen;
  if (targets.length > 0) throw noContainers(fleet, targets, spec);
  const missing = { role: "target", labels: fleet.target.labels, addresses } as const;
  throw new ChurnError(
    "E_FLEET",
    `No agent offers a target${nameLabels(fleet.target.labels)}${addresses > 1 ? " with two addresses: a gateway's and its upstream's" : ""}: ${listAgents(sorted)}`,
    { hint: `Start one: ${suggestAgent(missing, sorted, spec.reach)}` },
  );
}

function noContainers(
  fleet: FleetSpec,
  targets: readonly AgentDescription[],
  spec: PlacedSpec,
): ChurnError {
  const lacks = targets.map(({ name, containers }) =>
    "lack" in containers ? `${name} (${containers.lack})` : name,
  );
  const image = imageOf(spec);
  return new ChurnError(
    "E_FLEET",
    `No agent${nameLabels(fleet.target.labels)} can have its target in a container: ${listSome(lacks)}`,
    {
      hint: `Where an engine runs, allow it in the file of an agent with --bridge, and start that again: limits: { targets: [image], images: ["${image}"] }`,
    },
  );
}

function offers(
  { roles, labels }: AgentDescription,
  role: "load" | "target",
  wanted: Readonly<Record<string, string>>,
): boolean {
  const hasLabels = Object.entries(wanted).every(([name, value]) => labels[name] === value);
  return roles.includes(role) && hasLabels;
}

function isAble({ addresses, capacity }: AgentDescription, { perAgent }: FleetSpec): boolean {
  const { sources, workers } = perAgent;
  return addresses.length >= sources && capacity >= (workers ?? sources);
}

function requireDistinct(agents: readonly AgentDescription[]): void {
  const seen = new Set<string>();
  for (const { name } of agents) {
    if (seen.has(name)) {
      throw new ChurnError("E_FLEET", `Two agents are called ${name}`, {
        hint: "Give each agent a --name of its own.",
      });
    }
    seen.add(name);
  }
}

interface Shortage {
  /** That offer load and have the labels. */
  readonly fitting: number;
  /** Of these, with addresses and workers enough. */
  readonly able: number;
  readonly all: readonly AgentDescription[];
  readonly reach: string;
}

function tooFew(
  { agents, labels, perAgent }: FleetSpec,
  { fitting, able, all, reach }: Shortage,
): ChurnError {
  const { sources, workers } = perAgent;
  const missing = { role: "load", labels, addresses: sources } as const;
  const capable =
    fitting === able
      ? ""
      : `; ${fitting - able} more lack ${sources} addresses or ${workers ?? sources} workers`;
  return new ChurnError(
    "E_FLEET",
    `The trial needs ${agents} agents for load${nameLabels(labels)}, and there are ${able}${capable}: ${listAgents(all)}`,
    { hint: `Ask for fewer with --agents, or start more: ${suggestAgent(missing, all, reach)}` },
  );
}

function listAgents(agents: readonly AgentDescription[]): string {
  if (agents.length === 0) return "no agent answers";
  return listSome(agents.map(({ name, roles }) => `${name} (${roles.join(", ")})`));
}
