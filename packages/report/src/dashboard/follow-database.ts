import { setTimeout as sleep } from "node:timers/promises";
import type { StoredRun, StoreReader } from "@churnlab/store";
import { listAttempts } from "../count-attempt.ts";
import type { LiveMessage } from "../live/live-message.ts";
import { planOf, replayTrial, resultOf } from "./describe-stored-run.ts";
import { LiveRunReader } from "./live-run-reader.ts";
import type { RunSource } from "./run-source.ts";

const POLL_MS = 1000;
/** Who asks once comes back: scrapers do within a minute. */
const ASKED_MS = 60_000;
/** What an answer waits for the first word of a run. */
const ANSWER_MS_MAX = 500;

export interface FollowOptions {
  readonly publish: (message: LiveMessage) => void;
  readonly isWatched: () => boolean;
}

/** The run that is followed. */
interface Followed {
  readonly runId: string;
  /** Trials of the database that were told; null: as yet nothing was told from there. */
  told: number | null;
  /** It tells itself what it does; null: it could not be reached. */
  reader: LiveRunReader | null;
  /** Settled once it has told its first word, or will tell none. */
  reached: Promise<void>;
}

/**
 * Follows a database that another process writes: which runs there are, and of one that goes on what it tells through its
 * socket, or, where it cannot be reached, every trial once it is saved. How a run ended is always read from the database. It
 * looks once a second, and only while somebody is watching.
 */
export class DatabaseFollower implements Disposable {
  readonly #source: RunSource;
  readonly #publish: FollowOptions["publish"];
  readonly #timer: ReturnType<typeof setInterval>;
  #signature = "";
  #followed: Followed | null = null;
  #askedAtMs = Number.NEGATIVE_INFINITY;

  constructor(source: RunSource, { publish, isWatched }: FollowOptions) {
    this.#source = source;
    this.#publish = publish;
    this.#timer = setInterval(() => {
      if (isWatched() || performance.now() - this.#askedAtMs < ASKED_MS) this.look();
      else this.#leave();
    }, POLL_MS);
    this.#timer.unref();
  }

  /**
   * Looks for somebody who keeps no stream open, and counts as watching for a while. Ends when a run that goes on has told
   * what it does now, or soon after.
   */
  async ask(): Promise<void> {
    this.#askedAtMs = performance.now();
    this.look();
    if (this.#followed === null) return;
    await Promise.race([this.#followed.reached, sleep(ANSWER_MS_MAX, undefined, { ref: false })]);
  }

  /** Tells what has changed since the last look. A database that cannot be read now is looked at again later. */
  look(): void {
    try {
      this.#source.read((store) => this.#compare(store));
    } catch {
      // The writer may be replacing the file; pages that need it are told by their own requests.
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#leave();
  }

  #compare(store: StoreReader): void {
    const runs = store.listRuns();
    const signature = JSON.stringify(
      runs.map(({ runId, state, trials }) => [runId, state, trials]),
    );
    const isChanged = signature !== this.#signature;
    this.#signature = signature;
    if (isChanged) this.#publish({ type: "runs" });
    const running = runs.findLast(({ state }) => state === "running");
    if (this.#followed !== null && this.#followed.runId !== running?.runId) {
      this.#finish(store, this.#followed);
    }
    if (running === undefined) return;
    this.#followed ??= {
      runId: running.runId,
      told: null,
      reader: null,
      reached: Promise.resolve(),
    };
    if (this.#followed.reader !== null) return;
    if (isChanged || this.#followed.told === null) {
      this.#tellTrials(store, store.loadRun(running.runId), this.#followed);
    }
    this.#reach(this.#followed);
  }

  /** Lets the run tell what it does; what comes replaces what the database told. */
  #reach(followed: Followed): void {
    const first = Promise.withResolvers<void>();
    followed.reached = first.promise;
    const reader = new LiveRunReader({
      databaseFile: this.#source.path,
      runId: followed.runId,
      onMessage: (message) => {
        followed.told = null;
        if (message.type === "end") this.look();
        else this.#publish(message);
        first.resolve();
      },
      onClose: () => {
        followed.reader = null;
        first.resolve();
      },
    });
    followed.reader = reader.isOpen ? reader : null;
    if (!reader.isOpen) first.resolve();
  }

  /** Nobody watches: the run need not tell. */
  #leave(): void {
    this.#followed?.reader?.[Symbol.dispose]();
    if (this.#followed !== null) this.#followed.reader = null;
  }

  /** What the run has saved since the last look. */
  #tellTrials(store: StoreReader, run: StoredRun, followed: Followed): void {
    if (followed.told === null) {
      this.#publish({ type: "begin", plan: planOf(run), origin: "database" });
    }
    const fresh = listAttempts(run).slice(followed.told ?? 0);
    followed.told = (followed.told ?? 0) + fresh.length;
    for (const trial of fresh) this.#publish({ type: "result", result: resultOf(run, trial) });
    const last = fresh.at(-1);
    if (last === undefined) return;
    for (const message of replayTrial(store, run, last)) this.#publish(message);
  }

  /** The trials that were saved between the last look and the end are part of it, and the numbers are those of the database. */
  #finish(store: StoreReader, followed: Followed): void {
    this.#leave();
    this.#followed = null;
    const run = store.loadRun(followed.runId);
    if (followed.told !== null) this.#tellTrials(store, run, followed);
    for (const trial of listAttempts(run)) {
      this.#publish({ type: "result", result: resultOf(run, trial) });
    }
    this.#publish({ type: "end", endState: run.state });
  }
}
