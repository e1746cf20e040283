import { monotonicMs } from "@churnlab/traffic";

/** A clock that only runs forward; no two machines, nor two boots of one, agree on where it began. */
export interface MonotonicClock {
  nowMs(): number;
  /** The same moment on this process's own CLOCK_MONOTONIC. */
  toLocalMs(atMs: number): number;
  fromLocalMs(localMs: number): number;
}

/** CLOCK_MONOTONIC; with an offset it stands for a machine that booted at another time. */
export function openClock(offsetMs = 0): MonotonicClock {
  return {
    nowMs: () => monotonicMs() + offsetMs,
    toLocalMs: (atMs) => atMs - offsetMs,
    fromLocalMs: (localMs) => localMs + offsetMs,
  };
}
