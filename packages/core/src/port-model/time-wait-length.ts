/** Milliseconds from a close to the end of its TIME_WAIT. */
export interface TimeWaitLength {
  readonly leastMs: number;
  readonly mostMs: number;
  readonly meanMs: number;
}

/** TCP_TIMEWAIT_LEN (include/net/tcp.h): a constant of the kernel, which no sysctl changes. */
export const TIME_WAIT_S = 60;

/**
 * How long TIME_WAIT lasts on a kernel of `hz` ticks per second. The timer wheel (kernel/time/timer.c) holds a timer of
 * 60·hz ticks on a level whose slots are 8^level ticks wide, and rounds up to the next slot: at 250 Hz TIME_WAIT ends
 * 60 to 62.05 s after the close, in batches 2.048 s apart.
 */
export function timeWaitLength(hz: number): TimeWaitLength {
  const ticks = TIME_WAIT_S * hz;
  // The first 63 ticks are on level 0; each level reaches 8 times as far as the one before.
  let level = 0;
  while (ticks >= 63 * 8 ** level) level++;
  const slotMs = (8 ** level * 1000) / hz;
  const leastMs = TIME_WAIT_S * 1000;
  return { leastMs, mostMs: leastMs + slotMs, meanMs: leastMs + slotMs / 2 };
}
