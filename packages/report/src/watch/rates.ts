import type { EarlierReading } from "@churnlab/core";
import { deltaCounters } from "@churnlab/core/delta-counters";

/** A window below this is mostly chance: it has counts, and no rate to be shown. */
export const RATE_WINDOW_MS_MIN = 1000;

/** How fast counters grow between two readings. */
export class Rates {
  readonly windowMs: number;
  readonly #deltas: Readonly<Record<string, number>>;

  constructor(before: EarlierReading, after: EarlierReading) {
    this.windowMs = after.atMs - before.atMs;
    this.#deltas = this.windowMs > 0 ? deltaCounters(before.counters, after.counters).deltas : {};
  }

  /** Null where the kernel has not the counter, where it decreased, or where there is one reading only. */
  perS(name: string): number | null {
    const delta = this.#deltas[name];
    return delta === undefined ? null : (delta * 1000) / this.windowMs;
  }

  /** Of several counters that mean the same; null only where none is known. */
  sumPerS(...names: readonly string[]): number | null {
    const known = names.map((name) => this.perS(name)).filter((rate) => rate !== null);
    return known.length === 0 ? null : known.reduce((sum, rate) => sum + rate, 0);
  }

  /** Of a number that is not a counter of the kernel. */
  growthPerS(before: number | null, after: number | null): number | null {
    if (before === null || after === null || this.windowMs <= 0) return null;
    return ((after - before) * 1000) / this.windowMs;
  }
}
