import { setTimeout as sleep } from "node:timers/promises";
import { ChurnError, type FleetSpec } from "@churnlab/core";
import type { AgentDescription } from "../messages/agent-description.ts";
import { formatVersion, PROTOCOL } from "../messages/envelope.ts";
import { DEAD_MAN_MS, HEARTBEAT_MS } from "../subjects.ts";
import { AgentLink, type LinkParts } from "./agent-link.ts";
import { discoverAgents, type ForeignAgent } from "./discover-agents.ts";
import { type PlacedSpec, type Placement, placeAgents } from "./place-agents.ts";

/** Whoever was found so long ago may have been started anew since. */
const FOUND_MS_MAX = 5000;
/** The dead-man's time of an agent that was cut off, and what it takes to restore. */
const RETURN_MS_MAX = DEAD_MAN_MS + 5000;

/** The agents of a placement, listened to. */
export interface Crew {
  readonly loads: readonly {
    readonly link: AgentLink;
    readonly sources: number;
    readonly workers: number;
  }[];
  readonly target: AgentLink;
  readonly all: readonly AgentLink[];
}

export interface RosterParts extends LinkParts {
  /** Who was found before the first trial. */
  readonly found: readonly AgentDescription[];
  /** What an agent that is missing would have to say of the server: see `describeReach`. */
  readonly reach: string;
  /** One line for people. */
  readonly log: (line: string) => void;
}

/** The agents that a run has had a part for, and who of them has one in a trial. */
export class AgentRoster {
  readonly #parts: RosterParts;
  readonly #foundAtMs: number;
  readonly #links = new Map<string, AgentLink>();

  constructor(parts: RosterParts) {
    this.#parts = parts;
    this.#foundAtMs = parts.asker.nowMs();
  }

  get links(): Iterable<AgentLink> {
    return this.#links.values();
  }

  get(name: string): AgentLink | undefined {
    return this.#links.get(name);
  }

  /** Finds and picks the agents of a trial. Rejects with `E_FLEET`, `E_FLEET_VERSION`. */
  async pick(fleet: FleetSpec, spec: PlacedSpec, signal: AbortSignal): Promise<Crew> {
    const placement =
      this.#reuse(fleet, spec, this.#known()) ?? (await this.#place(fleet, spec, signal));
    const loads = placement.loads.map(({ agent, ...part }) => ({
      link: this.#link(agent),
      ...part,
    }));
    const target = this.#link(placement.target);
    const all = [target, ...loads.map(({ link }) => link)];
    return { loads, target, all };
  }

  /** An agent that was lost may come back: it was frozen, cut off, or is being started anew. */
  async #place(fleet: FleetSpec, spec: PlacedSpec, signal: AbortSignal): Promise<Placement> {
    const { nc, asker, reach, log } = this.#parts;
    const { churnlab, run, holder } = asker;
    const hasLost = [...this.#links.values()].some(({ lost }) => lost.aborted);
    const untilMs = asker.nowMs() + (hasLost ? RETURN_MS_MAX : 0);
    for (;;) {
      const { agents, foreign } = await discoverAgents(nc, { churnlab, run, holder, log });
      try {
        return placeAgents(fleet, agents, { ...spec, reach });
      } catch (error) {
        if (signal.aborted || asker.nowMs() >= untilMs) throw this.#explainLack(error, foreign);
      }
      await sleep(HEARTBEAT_MS, undefined, { signal }).catch(() => {});
    }
  }

  /** Who needs not be looked for: those of earlier trials that live, before the first those that were just found. */
  #known(): readonly AgentDescription[] {
    const living = [...this.#links.values()].filter(({ lost }) => !lost.aborted);
    if (this.#links.size > 0) return living.map(({ description }) => description);
    const { asker, found } = this.#parts;
    return asker.nowMs() - this.#foundAtMs <= FOUND_MS_MAX ? found : [];
  }

  /** null: among these there is no placement. */
  #reuse(fleet: FleetSpec, spec: PlacedSpec, known: readonly AgentDescription[]): Placement | null {
    try {
      return placeAgents(fleet, known, { ...spec, reach: this.#parts.reach });
    } catch {
      return null;
    }
  }

  #link(description: AgentDescription): AgentLink {
    const known = this.#links.get(description.name);
    if (known !== undefined && !known.lost.aborted) return known;
    const link = new AgentLink(this.#parts, description);
    this.#links.set(link.name, link);
    return link;
  }

  /** Where agents are missing, and some are of another version, that is why. */
  #explainLack(error: unknown, [first, ...others]: readonly ForeignAgent[]): unknown {
    if (first === undefined) return error;
    const more = others.length === 0 ? "" : `, and ${others.length} more are of another version`;
    const { churnlab } = this.#parts.asker;
    const own = formatVersion({ churnlab, protocol: PROTOCOL });
    return new ChurnError(
      "E_FLEET_VERSION",
      `The agent ${first.name} is churnlab ${first.version}${more}, this is ${own}`,
      { hint: "Install the same version on both.", cause: error },
    );
  }
}
