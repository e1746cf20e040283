import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import type { Heartbeat } from "../messages/agent-description.ts";
import { isSameAttempt, type TrialKey } from "../messages/trial-messages.ts";
import { DEAD_MAN_MS, HEARTBEAT_MS, LOAD_END_MS_MAX } from "../subjects.ts";

/**
 * An agent that hears its controller no more than this hears it has no side any more: its dead-man's switch has ended it, and its
 * host had a moment to be put back.
 */
const GONE_MS = HEARTBEAT_MS + DEAD_MAN_MS + LOAD_END_MS_MAX + 1500;
/** Whoever was told to restore answers when its load has ended and its host is put back, to one of several questions. */
const ANSWER_MS_MAX = 2 * LOAD_END_MS_MAX;

export interface LeftSideParts {
  /** The run whose sides they are. */
  readonly run: string;
  readonly nowMs: () => number;
  /**
   * Tells an agent to take the side of an attempt down. Resolves with any answer, and whether the side had load until then; rejects
   * where there is none.
   */
  readonly restore: (agent: string, key: TrialKey) => Promise<boolean>;
}

/** Whose side was left, and when it was last heard. */
export interface LeftAgent {
  readonly name: string;
  readonly instance: string;
  readonly heardAtMs: number;
}

interface LeftSide {
  readonly agent: LeftAgent;
  readonly key: TrialKey;
  readonly gone: AbortController;
  heardAtMs: number;
  /** It says that it has it no more. What it answered may have come when nobody waited for it. */
  isTakenDown: boolean;
}

/**
 * Sides that no trial counts on: of agents that were lost. Such an agent may be cut off for a while only, and its load then is in
 * the way of the next attempt: it is told to take its side down until it does, or cannot have it any more. One that has it all the
 * same, as its machine was stopped with all its clocks, is told so whenever it says so.
 */
export class LeftSides implements Disposable {
  readonly #parts: LeftSideParts;
  readonly #sides = new Map<string, LeftSide>();
  readonly #recalls = new Map<LeftSide, Promise<void>>();
  /** Of which attempt each agent that ever had a side is to have one now; null: of none. */
  readonly #counted = new Map<string, TrialKey | null>();
  readonly #returned = new Set<string>();

  constructor(parts: LeftSideParts) {
    this.#parts = parts;
  }

  /** A trial counts on the side that this agent has of this attempt, until what is returned is disposed of, or the side is left. */
  count(name: string, key: TrialKey): Disposable {
    this.#counted.set(name, key);
    return { [Symbol.dispose]: () => this.#discount(name, key) };
  }

  /** The side of this attempt is nobody's from now on. */
  leave(agent: LeftAgent, key: TrialKey): void {
    this.#discount(agent.name, key);
    this.#sides.get(agent.name)?.gone.abort();
    const { heardAtMs } = agent;
    const gone = new AbortController();
    const side: LeftSide = { agent, key, gone, heardAtMs, isTakenDown: false };
    this.#sides.set(agent.name, side);
    const recall = this.#recall(side).finally(() => {
      side.gone.abort();
      this.#recalls.delete(side);
      if (this.#sides.get(agent.name) === side) this.#sides.delete(agent.name);
    });
    this.#recalls.set(side, recall);
  }

  /**
   * Whoever says that it serves another run, another attempt, or none, does not have the side that it left. One that says that it
   * has a side on which nobody counts is told to take it down.
   */
  hear(name: string, { instance, run, key }: Heartbeat): void {
    const nowMs = this.#parts.nowMs();
    const had = run === this.#parts.run ? key : null;
    const side = this.#sides.get(name);
    if (side !== undefined) {
      if (instance === side.agent.instance && had !== null && isSameAttempt(had, side.key)) {
        side.heardAtMs = nowMs;
        return;
      }
      side.isTakenDown = instance === side.agent.instance;
      side.gone.abort();
    }
    if (had === null) return;
    // Where none ever did, the side is of the controller that had this run before.
    const counted = this.#counted.get(name) ?? null;
    if (counted !== null && isSameAttempt(had, counted)) return;
    this.leave({ name, instance, heardAtMs: nowMs }, had);
  }

  /** Who had load of another attempt than the trial's when it was told to restore, since this was last asked. */
  takeReturned(): readonly string[] {
    const returned = [...this.#returned];
    this.#returned.clear();
    return returned;
  }

  /** As `takeReturned`, once everybody has answered who was told to restore a side that is not the trial's, or had the time to. */
  async awaitReturned(): Promise<readonly string[]> {
    const strays = [...this.#recalls].filter(([{ key }]) => !this.#isOfTrial(key));
    await allOr(
      strays.map(([, recall]) => recall),
      AbortSignal.timeout(ANSWER_MS_MAX),
    );
    return this.takeReturned();
  }

  /** Resolves once no agent can have a side that was left, or when the signal is aborted. */
  async allGone(signal: AbortSignal): Promise<void> {
    await allOr([...this.#recalls.values()], signal);
  }

  [Symbol.dispose](): void {
    for (const { gone } of this.#sides.values()) gone.abort();
  }

  #isOfTrial(key: TrialKey): boolean {
    return [...this.#counted.values()].some((each) => each !== null && isSameAttempt(each, key));
  }

  #discount(name: string, key: TrialKey): void {
    const counted = this.#counted.get(name);
    if (counted && isSameAttempt(counted, key)) this.#counted.set(name, null);
  }

  async #recall(side: LeftSide): Promise<void> {
    const { nowMs } = this.#parts;
    const { gone } = side;
    const isGone = once(gone.signal, "abort").then(() => false);
    while (!gone.signal.aborted && nowMs() - side.heardAtMs < GONE_MS) {
      if (await Promise.race([this.#hasAnswered(side), isGone])) return;
      await sleep(HEARTBEAT_MS, undefined, { signal: gone.signal }).catch(() => {});
    }
    if (side.isTakenDown) await this.#hasAnswered(side);
  }

  /** Tells the agent once. */
  async #hasAnswered({ agent: { name }, key }: LeftSide): Promise<boolean> {
    try {
      const hadLoad = await this.#parts.restore(name, key);
      // What it said before may be old: it waits where the agent is cut off.
      if (hadLoad && !this.#isOfTrial(key)) this.#returned.add(name);
      return true;
    } catch {
      return false;
    }
  }
}

/** Resolves with all of them, or when the signal is aborted. */
async function allOr(recalls: readonly Promise<void>[], signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const waited = new AbortController();
  const aborted = once(signal, "abort", { signal: waited.signal }).catch(() => {});
  await Promise.race([Promise.all(recalls), aborted]);
  waited.abort();
}
