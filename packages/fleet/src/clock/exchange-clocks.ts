/** One question for another clock, and its answer. */
export interface ClockExchange {
  /** The middle of the round trip, on our clock. */
  readonly atMs: number;
  /** Their time minus ours, if both ways took equally long. */
  readonly offsetMs: number;
  readonly roundTripMs: number;
}

export async function exchangeClocks(
  ask: () => Promise<number>,
  nowMs: () => number,
): Promise<ClockExchange> {
  const sentMs = nowMs();
  const theirsMs = await ask();
  const roundTripMs = nowMs() - sentMs;
  const atMs = sentMs + roundTripMs / 2;
  return { atMs, offsetMs: theirsMs - atMs, roundTripMs };
}
