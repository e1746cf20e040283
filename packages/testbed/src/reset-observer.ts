import type { Role, TimedEvent, Warning } from "@churnlab/core";
import {
  AMBIGUOUS_REASON,
  explainReset,
  RESET_CAUSES,
  type ResetCapture,
  type TracedReset,
} from "@churnlab/linux";
import type { ResetReasons } from "./reset-reasons.ts";

export interface ResetObserverOptions {
  readonly role: Role;
  readonly address: string;
  /** Of arrivals, closed with the observer; null where packets cannot be captured. */
  readonly capture: ResetCapture | null;
  /** null where the kernel's reasons are not to be had. */
  readonly reasons: ResetReasons | null;
  /** Whether it is the one that tells what the trace lost: the trace is of the whole machine. */
  readonly tellsOfTrace: boolean;
}

/** Counts the resets of one host: every one on its wire, and the kernel's reason for those it sent. */
export class ResetObserver implements Disposable {
  readonly #options: ResetObserverOptions;
  readonly #events: TimedEvent[] = [];

  constructor(options: ResetObserverOptions) {
    this.#options = options;
  }

  /**
   * Cumulative, as kernel counters are: `rst.received` and `rst.reason.*`, as far as they can be seen.
   * `hasOverflowAborted`: whether a full accept queue aborted connections here since this was last asked; read after the
   * resets, because the kernel counts an overflow before it sends the reset.
   */
  readCounters(hasOverflowAborted: () => boolean): Readonly<Record<string, number>> {
    const { role, address, capture, reasons } = this.#options;
    for (const { atMs, ...detail } of capture?.drain() ?? []) {
      this.#events.push({ role, atMs, kind: "rst", detail });
    }
    const counts = reasons?.countsOf(address) ?? {};
    const kept = reasons?.takeKept(address) ?? [];
    const overflowAborted = kept.some(isAmbiguous) && hasOverflowAborted();
    for (const { atMs, direction, reason, state, ...reset } of kept) {
      const { sourcePort, destination, destinationPort } = reset;
      const ends = { sourcePort, destination, destinationPort };
      if (direction === "received") {
        this.#events.push({ role, atMs, kind: "rst.received", detail: { state, ...ends } });
        continue;
      }
      const cause = explainReset({ reason, state, overflowAborted });
      const detail = { reason, state, cause, words: RESET_CAUSES[cause], ...ends };
      this.#events.push({ role, atMs, kind: "rst.sent", detail });
    }
    return capture === null ? counts : { "rst.received": capture.counts.received, ...counts };
  }

  /** Resets in full, as many as are kept, each once. */
  takeEvents(): TimedEvent[] {
    return this.#events.splice(0);
  }

  /** Since the trial began: whoever is told at every look needs no earlier one. */
  conclude(): Warning[] {
    const { role, capture, tellsOfTrace } = this.#options;
    const reasons = tellsOfTrace ? this.#options.reasons : null;
    const lost: [string, number, string][] = [
      [`${role}: `, capture?.readLost() ?? 0, "resets on the wire were not captured"],
      ["", reasons?.readLost() ?? 0, "trace events were overwritten before they were read"],
    ];
    const failure = reasons?.failure ?? null;
    const broken: Warning[] =
      failure === null
        ? []
        : [{ code: "W_OBSERVER_DEGRADED", message: `the kernel's trace ended early: ${failure}` }];
    const told = lost
      .filter(([, count]) => count > 0)
      .map(
        ([whose, count, what]) =>
          ({
            code: "W_OBSERVER_LOST",
            message: `${whose}${count} ${what}`,
          }) as const,
      );
    return [...broken, ...told];
  }

  [Symbol.dispose](): void {
    this.#options.capture?.close();
  }
}

function isAmbiguous({ direction, reason }: TracedReset): boolean {
  return direction === "sent" && reason === AMBIGUOUS_REASON;
}
