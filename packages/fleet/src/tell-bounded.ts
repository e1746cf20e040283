export interface TellingBounds {
  /** Lines that may come at one time. */
  readonly burst: number;
  /** Until one more may come. */
  readonly everyMs: number;
  /** Any monotonic clock. */
  readonly nowMs: () => number;
}

/**
 * Tells lines of which each says something of its own, and of which anybody can cause any number: as many as the bounds allow (a
 * token bucket), so that nobody can fill a log; how many were left out is told with the next.
 */
export function tellBounded(
  log: (line: string) => void,
  { burst, everyMs, nowMs }: TellingBounds,
): (line: string) => void {
  let allowed = burst;
  let countedAtMs = nowMs();
  let leftOut = 0;
  return (line) => {
    const now = nowMs();
    allowed = Math.min(burst, allowed + (now - countedAtMs) / everyMs);
    countedAtMs = now;
    if (allowed < 1) {
      leftOut += 1;
      return;
    }
    allowed -= 1;
    log(leftOut === 0 ? line : `${line} (${leftOut} before it left out)`);
    leftOut = 0;
  };
}
