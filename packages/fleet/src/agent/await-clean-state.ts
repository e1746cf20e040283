import { setTimeout as sleep } from "node:timers/promises";
import { type Observer, timeWaitLength } from "@churnlab/core";

/** The longest that TIME_WAIT lasts, on a kernel of 100 ticks per second, whose timers are the coarsest; and a second more. */
const TIME_WAIT_MS_MAX = timeWaitLength(100).mostMs + 1000;
const POLL_MS = 100;

/** How long it is waited for; a test need not. */
export interface CleanPatience {
  readonly patienceMs: number;
  readonly pollMs: number;
}

/**
 * Waits until TIME_WAIT of an earlier trial is over: a namespace that is not of this trial alone keeps it. What stays longer is
 * not ours, and the trial says so. Ends early when the signal is aborted.
 */
export async function awaitCleanState(
  observers: readonly Pick<Observer, "readCounters">[],
  signal: AbortSignal,
  { patienceMs, pollMs }: CleanPatience = { patienceMs: TIME_WAIT_MS_MAX, pollMs: POLL_MS },
): Promise<void> {
  const untilMs = performance.now() + patienceMs;
  const isClean = (): boolean =>
    observers.every((observer) => (observer.readCounters().gauges["time_wait"] ?? 0) === 0);
  while (!signal.aborted && !isClean() && performance.now() < untilMs) {
    await sleep(pollMs, undefined, { signal }).catch(() => {});
  }
}
