import type { ResultPiece } from "../messages/result-piece.ts";
import type { ResultSpool, SpoolOrigin } from "./result-spool.ts";

/** A replay that the server does not take in this time is left for the next. */
const REPLAY_MS_MAX = 60_000;

export interface KeptResultsParts {
  readonly agent: string;
  readonly spool: ResultSpool;
  /** Publishes them so that they are delivered again; resolves with how many the stream took. */
  readonly republish: (pieces: readonly ResultPiece[], signal: AbortSignal) => Promise<number>;
  /** Whether a controller of this run lives. */
  readonly isHeard: (run: string) => Promise<boolean>;
  readonly log: (line: string) => void;
}

/**
 * Results of attempts that are over for this agent, as it was killed or lost its controller before they were stored. While their
 * run goes on they are published again, and the controller says when it has them; of other runs they are kept, and told of.
 */
export class KeptResults {
  readonly #parts: KeptResultsParts;
  readonly #over = new AbortController();

  constructor(parts: KeptResultsParts) {
    this.#parts = parts;
  }

  /** After a start of the agent. What goes wrong is told of: no trial needs it. */
  async replayAll(): Promise<void> {
    await this.#telling(() => this.#replayHeard());
  }

  /** A controller of this run has come, and is about to begin an attempt: the disk is to have room for its results. */
  async replayRun(run: string): Promise<void> {
    const { spool, agent } = this.#parts;
    await this.#telling(() => {
      this.#sweep();
      return this.#replay(spool.list(agent).filter((origin) => origin.run === run));
    });
  }

  /** Whether it is kept; then it is published again. */
  replayAttempt(origin: SpoolOrigin): boolean {
    if (!this.#parts.spool.has(origin)) return false;
    void this.#telling(() => this.#replay([origin]));
    return true;
  }

  [Symbol.dispose](): void {
    this.#over.abort();
  }

  async #telling(replay: () => Promise<unknown>): Promise<void> {
    try {
      await replay();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      if (!this.#over.signal.aborted) this.#parts.log(`kept results stay where they are: ${why}`);
    }
  }

  #sweep(): void {
    const { spool, agent, log } = this.#parts;
    for (const swept of spool.sweep(agent, Date.now())) {
      log(`${describe(swept)} were asked for by nobody: removed`);
    }
  }

  async #replayHeard(): Promise<void> {
    const { spool, agent, log, isHeard } = this.#parts;
    this.#sweep();
    const byRun = Map.groupBy(spool.list(agent), ({ run }) => run);
    const replays = [...byRun].map(async ([run, origins]) => {
      if (await isHeard(run)) return this.#replay(origins);
      for (const origin of origins) {
        log(
          `${describe(origin)} are kept in ${spool.fileOf(origin)}: no controller of it is heard`,
        );
      }
    });
    await Promise.all(replays);
  }

  async #replay(origins: readonly SpoolOrigin[]): Promise<void> {
    const { spool, republish, log } = this.#parts;
    const signal = AbortSignal.any([this.#over.signal, AbortSignal.timeout(REPLAY_MS_MAX)]);
    for (const origin of origins) {
      let pieces: readonly ResultPiece[];
      try {
        pieces = spool.read(origin);
      } catch {
        log(`${describe(origin)} cannot be read: ${spool.fileOf(origin)}`);
        continue;
      }
      // The file goes when the controller says that it has stored them: the stream's word is not that.
      const acknowledged = await republish(pieces, signal);
      if (acknowledged === pieces.length) log(`${describe(origin)} were published again`);
    }
  }
}

function describe({ run, key }: SpoolOrigin): string {
  return `results of run ${run}, trial ${key.trial}, attempt ${key.attempt}`;
}
