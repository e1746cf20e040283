import type { Bank } from "../worker-counters.ts";

/** A unit of work that has been begun. */
export interface Unit {
  readonly bank: Bank;
  readonly intendedAtMs: number;
  /** The slot of a closed loop that waits for this unit; null in an open loop. */
  readonly slot: Slot | null;
}

/** One of the `connections` of a closed loop. */
export interface Slot {
  /** The unit has ended and nothing of it is left but, perhaps, an idle connection. */
  free(outcome: { readonly unopened: boolean }): void;
}
