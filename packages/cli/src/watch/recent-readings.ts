import type { WatchReading } from "@churnlab/core";

/** Rates are over this long at most: two batches of the timer wheel's ends of TIME_WAIT. */
const WINDOW_MS = 5000;

/** The readings of the last seconds. */
export class RecentReadings {
  #readings: readonly WatchReading[];

  constructor(first: WatchReading) {
    this.#readings = [first];
  }

  get count(): number {
    return this.#readings.length;
  }

  /** The one that rates are reckoned from; there is always one. */
  get oldest(): WatchReading {
    return this.#readings[0] as WatchReading;
  }

  /** At least one earlier reading is kept, however long ago it was. */
  add(reading: WatchReading): void {
    const earlier = this.#readings.filter(({ atMs }) => reading.atMs - atMs <= WINDOW_MS);
    this.#readings = [...(earlier.length > 0 ? earlier : this.#readings.slice(-1)), reading];
  }
}
