import type { ClockExchange } from "./exchange-clocks.ts";

/** What is known of another clock: its time minus ours. */
export interface ClockOffset {
  readonly offsetMs: number;
  /** The true offset is within this much: half of a round trip, and what clocks may have drifted apart since. */
  readonly errorMs: number;
  /** The least of all exchanges. */
  readonly roundTripMs: number;
}

/** How far two clocks drift apart per millisecond at most: RFC 5905 allows each 15 ppm, cheap crystals have up to 50. */
export const DRIFT_PER_MS = 100e-6;

/**
 * Believes the exchange that bounds the offset best at `nowMs`: the other side's time is of some moment of its round trip, so
 * that half of that bounds the error (RFC 5905 §8, with the least delay as its clock filter, §10), plus the drift since.
 */
export function estimateOffset(exchanges: readonly ClockExchange[], nowMs: number): ClockOffset {
  if (exchanges.length === 0) throw new Error("a clock is known by exchanges");
  const bounds = exchanges.map(({ atMs, offsetMs, roundTripMs }) => {
    const ageMs = Math.max(0, nowMs - atMs);
    return { offsetMs, errorMs: roundTripMs / 2 + DRIFT_PER_MS * ageMs };
  });
  const best = bounds.reduce((a, b) => (b.errorMs < a.errorMs ? b : a));
  const roundTripMs = Math.min(...exchanges.map((exchange) => exchange.roundTripMs));
  return { ...best, roundTripMs };
}

/** How far the clock must have moved away from what was known of it for an exchange to show what it shows; 0: it need not have. */
export function leastMoveMs(known: ClockOffset, exchanges: readonly ClockExchange[]): number {
  const moves = exchanges.map(
    ({ offsetMs, roundTripMs }) =>
      Math.abs(offsetMs - known.offsetMs) - known.errorMs - roundTripMs / 2,
  );
  return Math.max(0, ...moves);
}
