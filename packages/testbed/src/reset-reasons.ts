import { explainReset, type ResetCause, ResetTrace, type TracedReset } from "@churnlab/linux";

/** Traced resets kept in full per trial; all are counted. */
const KEPT_MAX = 200;

/** A reset that one host sent, with the kernel's reason and what it means. */
export interface ExplainedReset {
  readonly atMs: number;
  readonly reset: TracedReset;
  readonly cause: ResetCause;
}

/**
 * Sorts what the kernel traces for the whole machine by the address of the host that sent it. One trace serves all
 * trials of a testbed: making and removing it costs more than a trial's set-up.
 */
export class ResetReasons implements Disposable {
  readonly #trace: ResetTrace;
  readonly #hosts = new Map<string, { counts: Record<string, number>; kept: ExplainedReset[] }>();
  #lostBefore = 0;
  #kept = 0;

  /** Throws `E_CAPABILITY` or `E_PLATFORM` where this machine or user has no such trace. */
  constructor(addresses: Iterable<string>) {
    this.#trace = new ResetTrace({ addresses });
  }

  /** Forgets what was seen, for the next trial. */
  begin(): void {
    this.#drain();
    this.#hosts.clear();
    this.#kept = 0;
    this.#lostBefore = this.#trace.readLost();
  }

  /** Resets that this address sent since `begin`, by `rst.reason.<REASON>`. */
  countsOf(address: string): Readonly<Record<string, number>> {
    this.#drain();
    return this.#hosts.get(address)?.counts ?? {};
  }

  /** The first resets of this address in full; each is given once. */
  takeKept(address: string): ExplainedReset[] {
    return this.#hosts.get(address)?.kept.splice(0) ?? [];
  }

  /** Events since `begin` that were overwritten before they were read. */
  readLost(): number {
    return this.#trace.readLost() - this.#lostBefore;
  }

  [Symbol.dispose](): void {
    this.#trace.close();
  }

  #drain(): void {
    for (const reset of this.#trace.drain()) {
      if (reset.direction !== "sent") continue;
      const host = this.#hostOf(reset.source);
      const metric = `rst.reason.${reset.reason ?? "UNKNOWN"}`;
      host.counts[metric] = (host.counts[metric] ?? 0) + 1;
      if (this.#kept++ >= KEPT_MAX) continue;
      host.kept.push({ atMs: reset.atMs, reset, cause: explainReset(reset) });
    }
  }

  #hostOf(address: string): { counts: Record<string, number>; kept: ExplainedReset[] } {
    let host = this.#hosts.get(address);
    if (host === undefined) {
      host = { counts: {}, kept: [] };
      this.#hosts.set(address, host);
    }
    return host;
  }
}
