import { ChurnError } from "@churnlab/core";
import type { JetStreamManager, PurgeOpts } from "@nats-io/jetstream";
import { PARTS_MAX } from "../messages/result-piece.ts";
import {
  agentOf,
  RESULTS_STREAM,
  RESULTS_SUBJECTS,
  RUN_NAME,
  resultsOfAgent,
  resultsOfRun,
  runOf,
} from "../subjects.ts";
import { requireRoom } from "./results-stream.ts";

/** Pieces of one agent that may wait: those of some attempts, of the largest reports there are. */
const WAITING_MAX = 8 * (PARTS_MAX + 1);
/** Runs that are listened for at one time. */
const RUNS_ASKED_MAX = 100;

export interface RoomParts {
  readonly jsm: JetStreamManager;
  /** Whose results are never dropped, but for the oldest of an agent that has too many. */
  readonly run: string;
  /** Whether a controller of that run lives. */
  readonly isHeard: (run: string) => Promise<boolean>;
  /** One line for people. */
  readonly log: (line: string) => void;
}

/**
 * Sees to it that the stream of results takes what the agents of a run bring. A stream of nats-server has no bound for each agent,
 * only one for all: so that nobody keeps the others out, what one agent has beyond its share, the oldest first, is dropped when room is short, and what
 * is of runs that nobody controls. Agents have theirs on disk until a controller says that it has stored them.
 */
export class ResultsRoom {
  readonly #parts: RoomParts;
  #looking: Promise<ChurnError | null> | null = null;

  constructor(parts: RoomParts) {
    this.#parts = parts;
  }

  /** Throws `E_NATS` where there is no room for the reports of so many agents: their load would be for nothing. */
  async require(agents: number): Promise<void> {
    const { jsm } = this.#parts;
    try {
      await requireRoom(jsm, agents);
    } catch (error) {
      if (!(error instanceof ChurnError) || !(await this.#make())) throw error;
      await requireRoom(jsm, agents);
    }
  }

  /** Why the stream takes no results, after all that may be dropped was; null where it takes them. Rejects as the server does. */
  async findShortage(): Promise<ChurnError | null> {
    this.#looking ??= this.#find().finally(() => {
      this.#looking = null;
    });
    return this.#looking;
  }

  async #find(): Promise<ChurnError | null> {
    try {
      await this.require(1);
      return null;
    } catch (error) {
      if (error instanceof ChurnError) return error;
      throw error;
    }
  }

  /** Whether anything was dropped. */
  async #make(): Promise<boolean> {
    const ofAgents = await this.#dropOfGreedy();
    const ofRuns = await this.#dropOfDead();
    return ofAgents || ofRuns;
  }

  async #dropOfGreedy(): Promise<boolean> {
    const byAgent = Map.groupBy(await this.#listSubjects(), agentOf);
    const greedy = [...byAgent].filter(([, subjects]) => subjects.length > WAITING_MAX);
    for (const [agent, { length }] of greedy) {
      await this.#drop(
        { filter: resultsOfAgent(agent), keep: WAITING_MAX },
        `${length} messages of ${agent} wait in it, and one agent may have ${WAITING_MAX}`,
      );
    }
    return greedy.length > 0;
  }

  async #dropOfDead(): Promise<boolean> {
    const { run: own, isHeard } = this.#parts;
    const byRun = Map.groupBy(await this.#listSubjects(), runOf);
    const others = [...byRun]
      .filter(([run]) => run !== own && RUN_NAME.test(run))
      .toSorted(([, a], [, b]) => b.length - a.length)
      .slice(0, RUNS_ASKED_MAX);
    const asked = others.map(async ([run, { length }]): Promise<boolean> => {
      if (await isHeard(run)) return false;
      await this.#drop(
        { filter: resultsOfRun(run) },
        `${length} messages of the run ${run} wait in it, and no controller of it is heard`,
      );
      return true;
    });
    return (await Promise.all(asked)).includes(true);
  }

  async #drop(what: PurgeOpts, why: string): Promise<void> {
    await this.#parts.jsm.streams.purge(RESULTS_STREAM, what);
    this.#parts.log(
      `the stream ${RESULTS_STREAM} is short of room: ${why}; dropped, agents have theirs on disk`,
    );
  }

  async #listSubjects(): Promise<string[]> {
    const wanted = { subjects_filter: RESULTS_SUBJECTS };
    const { state } = await this.#parts.jsm.streams.info(RESULTS_STREAM, wanted);
    return Object.keys(state.subjects ?? {});
  }
}
