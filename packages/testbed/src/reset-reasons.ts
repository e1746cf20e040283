import { ResetTrace, SystemError, type TracedReset } from "@churnlab/linux";

/** Traced resets kept in full per trial and direction; those that were sent are all counted. */
const KEPT_MAX = 200;

/** What a trace of resets gives. */
export type TraceSource = Pick<ResetTrace, "hasReasons" | "drain" | "readLost" | "close">;

const openTrace = (addresses: Iterable<string>): TraceSource => new ResetTrace({ addresses });

/**
 * Sorts what the kernel traces for the whole machine by the address of the host that sent it. One trace serves all
 * trials of a testbed: making and removing it costs more than a trial's set-up.
 */
export class ResetReasons implements Disposable {
  readonly #trace: TraceSource;
  readonly #hosts = new Map<string, { counts: Record<string, number>; kept: TracedReset[] }>();
  #lostBefore = 0;
  #kept = { sent: 0, received: 0 };

  #failure: string | null = null;

  /** Throws `E_CAPABILITY` or `E_PLATFORM` where this machine or user has no such trace. */
  constructor(
    addresses: Iterable<string>,
    open: (addresses: Iterable<string>) => TraceSource = openTrace,
  ) {
    this.#trace = open(addresses);
  }

  /** Whether the kernel says why it resets (Linux 6.10). */
  get hasReasons(): boolean {
    return this.#trace.hasReasons;
  }

  /** Why the trace could not be read to its end since `begin`: the first failure. */
  get failure(): string | null {
    return this.#failure;
  }

  /** Forgets what was seen, for the next trial. */
  begin(): void {
    this.#failure = null;
    this.#drain();
    this.#hosts.clear();
    this.#kept = { sent: 0, received: 0 };
    this.#lostBefore = this.#trace.readLost();
  }

  /** Resets that this address sent since `begin`, by `rst.reason.<REASON>`. */
  countsOf(address: string): Readonly<Record<string, number>> {
    this.#drain();
    return this.#hosts.get(address)?.counts ?? {};
  }

  /** The first resets of this address in full; each is given once. */
  takeKept(address: string): TracedReset[] {
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
    for (const reset of this.#read()) {
      const host = this.#hostOf(reset.source);
      const { direction } = reset;
      if (direction === "sent") {
        const metric = `rst.reason.${reset.reason ?? "UNKNOWN"}`;
        host.counts[metric] = (host.counts[metric] ?? 0) + 1;
      }
      if (this.#kept[direction]++ >= KEPT_MAX) continue;
      host.kept.push(reset);
    }
  }

  /** What cannot be read is missing, and said. */
  #read(): TracedReset[] {
    try {
      return this.#trace.drain();
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      this.#failure ??= error.message;
      return [];
    }
  }

  #hostOf(address: string): { counts: Record<string, number>; kept: TracedReset[] } {
    let host = this.#hosts.get(address);
    if (host === undefined) {
      host = { counts: {}, kept: [] };
      this.#hosts.set(address, host);
    }
    return host;
  }
}
