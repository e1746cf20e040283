/** Counts of a serving thread, in the order of their slots. */
export const TARGET_COUNTERS = ["accepted", "requests", "open"] as const;
export type TargetCounterName = (typeof TARGET_COUNTERS)[number];

const STOP_SLOT = 0;
const COUNTERS_AT = 1;

export const TARGET_COUNTERS_BYTES: number = (COUNTERS_AT + TARGET_COUNTERS.length) * 4;

export const TARGET_COUNTER_SLOT = Object.fromEntries(
  TARGET_COUNTERS.map((name, i) => [name, COUNTERS_AT + i]),
) as Readonly<Record<TargetCounterName, number>>;

/**
 * What a target has done so far, in shared memory: the serving thread writes, any thread reads. `accepted` and `requests`
 * (answered in full) only grow; `open` is a gauge of accepted connections that are not closed. The stop flag goes the other way.
 */
export class TargetCounters {
  readonly shared: SharedArrayBuffer;
  /** For inner loops; see `TARGET_COUNTER_SLOT`. */
  readonly slots: Int32Array;

  constructor(shared: SharedArrayBuffer = new SharedArrayBuffer(TARGET_COUNTERS_BYTES)) {
    this.shared = shared;
    this.slots = new Int32Array(shared);
  }

  get stopping(): boolean {
    return Atomics.load(this.slots, STOP_SLOT) !== 0;
  }

  requestStop(): void {
    Atomics.store(this.slots, STOP_SLOT, 1);
  }

  add(counter: TargetCounterName, count = 1): void {
    const slot = TARGET_COUNTER_SLOT[counter];
    this.slots[slot] = (this.slots[slot] as number) + count;
  }

  read(counter: TargetCounterName): number {
    return this.slots[TARGET_COUNTER_SLOT[counter]] as number;
  }
}
