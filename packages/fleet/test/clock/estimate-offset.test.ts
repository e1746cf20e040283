import * as fc from "fast-check";
import { expect, test } from "vitest";
import { DRIFT_PER_MS, estimateOffset, leastMoveMs } from "../../src/clock/estimate-offset.ts";
import { type ClockExchange, noteExchange } from "../../src/clock/exchange-clocks.ts";

const delay = fc.double({ min: 0, max: 50, noNaN: true });
const ways = fc.array(fc.tuple(delay, delay, fc.double({ min: 0, max: 500, noNaN: true })), {
  minLength: 1,
  maxLength: 20,
});

/** Exchanges over these delays there and back, with a pause before each, with a clock that is ahead and may run away. */
function exchangeAll(
  delays: readonly (readonly [number, number, number])[],
  theirsAt: (nowMs: number) => number,
): { exchanges: ClockExchange[]; nowMs: number } {
  let nowMs = 1000;
  const exchanges: ClockExchange[] = [];
  for (const [there, back, pause] of delays) {
    nowMs += pause;
    const sentMs = nowMs;
    nowMs += there;
    const theirsMs = theirsAt(nowMs);
    nowMs += back;
    exchanges.push(noteExchange({ sentMs, theirsMs, receivedMs: nowMs }));
  }
  return { exchanges, nowMs };
}

test("the offset is found within the error it states, however delays are shared and clocks drift", () => {
  fc.assert(
    fc.property(
      fc.double({ min: -1e9, max: 1e9, noNaN: true }),
      fc.double({ min: -DRIFT_PER_MS, max: DRIFT_PER_MS, noNaN: true }),
      ways,
      (offsetMs, drift, delays) => {
        const offsetAt = (nowMs: number): number => offsetMs + drift * nowMs;
        const { exchanges, nowMs } = exchangeAll(delays, (now) => now + offsetAt(now));
        const found = estimateOffset(exchanges, nowMs);
        const wrongMs = Math.abs(found.offsetMs - offsetAt(nowMs));
        // Beyond it are roundings, and the drift within half a round trip.
        expect(wrongMs).toBeLessThanOrEqual(found.errorMs + 1e-6 + 100 * DRIFT_PER_MS);
        const least = Math.min(...delays.map(([there, back]) => there + back));
        expect(found.roundTripMs).toBeCloseTo(least, 6);
      },
    ),
  );
});

test("a clock that keeps its offset is never said to have moved, and one that jumps is", () => {
  fc.assert(
    fc.property(ways, fc.double({ min: 0, max: 1000, noNaN: true }), (delays, jumpMs) => {
      const before = exchangeAll(delays, (now) => now + 7);
      const known = estimateOffset(before.exchanges, before.nowMs);
      const same = exchangeAll(delays, (now) => now + 7);
      expect(leastMoveMs(known, same.exchanges)).toBeCloseTo(0, 6);
      const after = exchangeAll(delays, (now) => now + 7 + jumpMs);
      const found = leastMoveMs(known, after.exchanges);
      expect(found).toBeLessThanOrEqual(jumpMs + 1e-6);
      const least = after.exchanges.reduce(
        (min, { roundTripMs }) => Math.min(min, roundTripMs),
        1e9,
      );
      expect(found).toBeGreaterThanOrEqual(jumpMs - 2 * known.errorMs - least - 1e-6);
    }),
  );
});
