/** What is known of another clock: its time minus ours. */
export interface ClockOffset {
  readonly offsetMs: number;
  /** The true offset is within this much: half of the least round trip. */
  readonly errorMs: number;
  readonly roundTripMs: number;
}

/** Exchanges of one measurement: the least round trip of so many is close to the line's own. */
const CLOCK_EXCHANGES = 20;

/**
 * Asks the other side for its clock again and again, and believes the answer that came back soonest: its time is of some
 * moment of that round trip, so that half of it bounds the error (RFC 5905 §8, with the least delay as its clock filter, §10).
 */
export async function measureOffset(
  ask: () => Promise<number>,
  nowMs: () => number,
): Promise<ClockOffset> {
  let best: ClockOffset | undefined;
  for (let i = 0; i < CLOCK_EXCHANGES; i++) {
    const sentMs = nowMs();
    const theirsMs = await ask();
    const roundTripMs = nowMs() - sentMs;
    if (best !== undefined && roundTripMs >= best.roundTripMs) continue;
    const errorMs = roundTripMs / 2;
    best = { offsetMs: theirsMs - (sentMs + errorMs), errorMs, roundTripMs };
  }
  return best as ClockOffset;
}
