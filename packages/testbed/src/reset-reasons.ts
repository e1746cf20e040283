import { ResetTrace, SystemError, type TracedReset } from "@churnlab/linux";

/** Traced resets kept in full per trial and direction; those that were sent are all counted. */
const KEPT_MAX = 200;

/** What a trace of resets gives. */
export type TraceSource = Pick<
  ResetTrace,
  "hasReasons" | "begin" | "drain" | "countsOf" | "readLost" | "close"
>;

const openTrace = (addresses: Iterable<string>): TraceSource =>
  new ResetTrace({ addresses, keep: KEPT_MAX });

/**
 * Sorts what the kernel traces for the whole machine by the address of the host that sent it. One trace serves all
 * trials of a testbed: making and removing it costs more than a trial's set-up.
 */
export class ResetReasons implements Disposable {
  readonly #trace: TraceSource;
  /** What is kept in full and not yet taken, by address. */
  readonly #kept = new Map<string, TracedReset[]>();
  #lostBefore = 0;
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
    this.#read(() => this.#trace.begin());
    this.#kept.clear();
    this.#lostBefore = this.#trace.readLost();
  }

  /** Resets that this address sent since `begin`, by `rst.reason.<REASON>`. */
  countsOf(address: string): Readonly<Record<string, number>> {
    this.#read(() => {
      for (const reset of this.#trace.drain()) this.#keptOf(reset.source).push(reset);
    });
    const counts = [...this.#trace.countsOf(address)];
    return Object.fromEntries(
      counts.map(([reason, count]) => [`rst.reason.${reason ?? "UNKNOWN"}`, count]),
    );
  }

  /** The first resets of this address in full; each is given once. */
  takeKept(address: string): TracedReset[] {
    return this.#keptOf(address).splice(0);
  }

  /** Events since `begin` that were overwritten before they were read. */
  readLost(): number {
    return this.#trace.readLost() - this.#lostBefore;
  }

  [Symbol.dispose](): void {
    this.#trace.close();
  }

  /** What cannot be read is missing, and said. */
  #read(read: () => void): void {
    try {
      read();
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      this.#failure ??= error.message;
    }
  }

  #keptOf(address: string): TracedReset[] {
    const kept = this.#kept.get(address) ?? [];
    this.#kept.set(address, kept);
    return kept;
  }
}
