import type { KeyedRequest, TrialKey } from "../messages/trial-messages.ts";
import type { AgentLink } from "./agent-link.ts";
import type { LeftSides } from "./left-sides.ts";

const RESTORE_MS_MAX = 10_000;

/**
 * The sides of an attempt, from before they are asked for: also an agent that fails to answer may have built something. One that
 * is lost meanwhile is told to take its side down as soon as it hears of it.
 */
export class HeldSides implements AsyncDisposable {
  readonly #links: readonly AgentLink[];
  readonly #key: TrialKey;
  readonly #listening = new AbortController();
  readonly #counted = new DisposableStack();

  constructor(
    links: readonly AgentLink[],
    key: TrialKey,
    left: Pick<LeftSides, "count" | "leave">,
  ) {
    this.#links = links;
    this.#key = key;
    for (const link of links) {
      this.#counted.use(left.count(link.name, key));
      const leave = (): void => left.leave(link, key);
      link.lost.addEventListener("abort", leave, { signal: this.#listening.signal });
    }
  }

  /** All sides are there: from now on an agent that says that it has none has given it up. */
  beBuilt(): void {
    for (const link of this.#links) link.expectSide(true);
  }

  /** Has all of them taken down. Rejects where one that is not lost does not answer, or cannot restore its host. */
  async restore(): Promise<void> {
    const body: KeyedRequest = { key: this.#key };
    for (const link of this.#links) link.expectSide(false);
    const settled = await Promise.allSettled(
      this.#links
        .filter(({ lost }) => !lost.aborted)
        .map((link) => link.tell("restore", { body, withinMs: RESTORE_MS_MAX, again: true })),
    );
    const failures = settled.filter((one) => one.status === "rejected");
    if (failures.length > 0) throw failures[0]?.reason;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.restore();
    } finally {
      this.#listening.abort();
      this.#counted.dispose();
    }
  }
}
