import { setTimeout as sleep } from "node:timers/promises";
import type { FleetSpec } from "@churnlab/core";
import type { AgentDescription } from "../messages/agent-description.ts";
import { DEAD_MAN_MS, HEARTBEAT_MS } from "../subjects.ts";
import { AgentLink, type LinkParts } from "./agent-link.ts";
import { discoverAgents } from "./discover-agents.ts";
import { explainLack } from "./explain-lack.ts";
import { type PlacedSpec, type Placement, placeAgents } from "./place-agents.ts";

/** Whoever was found so long ago may have been started anew since. */
const FOUND_MS_MAX = 5000;
/** The dead-man's time of an agent that was cut off, and what it takes to restore. */
const RETURN_MS_MAX = DEAD_MAN_MS + 5000;

/** Agents find a server that is back within a few tenths of a second, and are looked for until then. */
const FOUND_AGAIN_MS_MAX = 3000;

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
  #backAtMs = Number.NEGATIVE_INFINITY;

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

  /** The server was away and is back: agents find it after the controller does. */
  reconnect(): void {
    this.#backAtMs = this.#parts.asker.nowMs();
    for (const link of this.links) link.reconnect();
  }

  /** An agent that was lost may come back: it was frozen, cut off, or is being started anew. */
  async #place(fleet: FleetSpec, spec: PlacedSpec, signal: AbortSignal): Promise<Placement> {
    const { nc, asker, reach, log } = this.#parts;
    const { churnlab, run, holder } = asker;
    const hasLost = [...this.#links.values()].some(({ lost }) => lost.aborted);
    const untilMs = asker.nowMs() + (hasLost ? RETURN_MS_MAX : 0);
    for (;;) {
      const found = await discoverAgents(nc, { churnlab, run, holder, log });
      try {
        return placeAgents(fleet, found.agents, { ...spec, reach });
      } catch (error) {
        const isLate = asker.nowMs() >= Math.max(untilMs, this.#backAtMs + FOUND_AGAIN_MS_MAX);
        if (signal.aborted || isLate) throw explainLack(error, found, churnlab);
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
}
