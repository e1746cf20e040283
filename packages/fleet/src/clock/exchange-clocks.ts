/** One question for another clock, and its answer. */
export interface ClockExchange {
  /** The middle of the round trip, on our clock. */
  readonly atMs: number;
  /** Their time minus ours, if both ways took equally long. */
  readonly offsetMs: number;
  readonly roundTripMs: number;
}

/** When it was asked and when the answer came, on our clock, and the answer. */
export interface AskedClock {
  readonly sentMs: number;
  readonly theirsMs: number;
  readonly receivedMs: number;
}

export function noteExchange({ sentMs, theirsMs, receivedMs }: AskedClock): ClockExchange {
  const roundTripMs = receivedMs - sentMs;
  const atMs = sentMs + roundTripMs / 2;
  return { atMs, offsetMs: theirsMs - atMs, roundTripMs };
}
