import type { ClockExchange } from "./exchange-clocks.ts";

/** Exchanges of one measurement: the least round trip of so many is close to the line's own. */
export const CLOCK_EXCHANGES = 20;

/** What is older says too little of now: by then clocks may have drifted apart by a millisecond. */
const RECENT_MS = 10_000;

/** The newest exchanges with one clock. */
export class RecentExchanges {
  #newest: readonly ClockExchange[] = [];

  note(exchange: ClockExchange): void {
    this.#newest = [...this.#newest, exchange].slice(-CLOCK_EXCHANGES);
  }

  /** Those since a time that are no older than they may be. */
  since(sinceMs: number, nowMs: number): readonly ClockExchange[] {
    const fromMs = Math.max(sinceMs, nowMs - RECENT_MS);
    return this.#newest.filter(({ atMs }) => atMs >= fromMs);
  }
}
