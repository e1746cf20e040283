import type { Role } from "@churnlab/core";
import type { SampleSeries } from "./sample-series.ts";

/** What counts resets on each side, and the series of how many there were per second. */
const RATES = [
  { counter: "tcp.OutRsts", rate: "rst.sent_rate" },
  { counter: "rst.received", rate: "rst.received_rate" },
] as const;

/** Over less than this a rate is chance. */
const WINDOW_MS_MIN = 500;

/** Turns the counts of resets of one role into resets per second, window by window without a gap between them. */
export class ResetRates {
  readonly #role: Role;
  #fromMs: number;
  readonly #counted = new Map<string, number>();

  constructor(role: Role, startedAtMs: number) {
    this.#role = role;
    this.#fromMs = startedAtMs;
  }

  /** Ends a window, from what the series of the counters say by now. A series that is zero throughout is not kept. */
  sample(series: SampleSeries, atMs: number): void {
    const elapsedMs = atMs - this.#fromMs;
    if (elapsedMs < WINDOW_MS_MIN) return;
    const rates: Record<string, number> = {};
    for (const { counter, rate } of RATES) {
      const now = series.latest(this.#role, counter);
      if (now === null) continue;
      rates[rate] = ((now - (this.#counted.get(counter) ?? 0)) * 1000) / elapsedMs;
      this.#counted.set(counter, now);
    }
    series.addChanges(this.#role, atMs, { idle: {}, now: rates });
    this.#fromMs = atMs;
  }
}
