import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type PoolInput, simulatePool } from "../../src/port-model/simulate-pool.ts";

const pool = (input: Partial<PoolInput>) =>
  simulatePool({
    arrivals: [],
    countFromMs: 0,
    capacity: 3,
    lifeMs: 0,
    waitMs: 10,
    waitingMax: Number.POSITIVE_INFINITY,
    ...input,
  });

test("a pool of three gives three, and then one for each that comes back", () => {
  expect(pool({ arrivals: [0, 1, 2, 3, 10, 11, 11] })).toEqual({
    succeeded: 5,
    failed: 2,
    skipped: 0,
    firstFailureMs: 3,
    halfFullMs: 1,
    waitingPeak: 3,
    waitingAt: [],
  });
});

test("tells how many ports wait whenever it is asked", () => {
  const lookAtMs = [0, 1.5, 9, 11.5, 30];
  expect(pool({ arrivals: [0, 1, 2, 15], lookAtMs }).waitingAt).toEqual([0, 2, 3, 1, 0]);
});

test("a port that is alive is not waiting yet", () => {
  expect(pool({ arrivals: [0, 1], lifeMs: 5, waitingMax: 1 })).toMatchObject({
    skipped: 1,
    waitingPeak: 1,
  });
  expect(pool({ arrivals: [0, 4, 8, 12], lifeMs: 100 })).toMatchObject({ succeeded: 3, failed: 1 });
});

/** The same, the slow way: every port is a number that says until when it is taken. */
function simulateSlowly({ arrivals, capacity, lifeMs, waitMs }: PoolInput): {
  succeeded: number;
  failed: number;
} {
  const freeAt = Array.from({ length: capacity }, () => 0);
  let succeeded = 0;
  let failed = 0;
  for (const atMs of arrivals) {
    const free = freeAt.findIndex((time) => time <= atMs);
    if (free === -1) failed++;
    else {
      succeeded++;
      freeAt[free] = atMs + lifeMs + waitMs;
    }
  }
  return { succeeded, failed };
}

test("agrees with ports that are looked at one by one", () => {
  const input = fc.record({
    arrivals: fc
      .array(fc.nat(60), { maxLength: 80 })
      .map((times) => times.toSorted((a, b) => a - b)),
    capacity: fc.integer({ min: 1, max: 6 }),
    lifeMs: fc.nat(8),
    waitMs: fc.nat(20),
  });
  fc.assert(
    fc.property(input, (asked) => {
      const full = { ...asked, countFromMs: 0, waitingMax: Number.POSITIVE_INFINITY };
      expect(simulatePool(full)).toMatchObject(simulateSlowly(full));
    }),
  );
});

test("with fewer waiting than ports nothing fails that is not alive", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(60), { maxLength: 80 }), fc.nat(2), (times, waitingMax) => {
      const arrivals = times.toSorted((a, b) => a - b);
      const outcome = pool({ arrivals, waitingMax, waitMs: 1000 });
      expect(outcome).toMatchObject({ failed: 0, succeeded: arrivals.length });
      expect(outcome.skipped).toBe(Math.max(0, arrivals.length - waitingMax));
      expect(outcome.waitingPeak).toBe(Math.min(arrivals.length, waitingMax));
    }),
  );
});

test("arrivals before counting take ports, and are not counted", () => {
  expect(pool({ arrivals: [0, 1, 2, 3, 4], countFromMs: 2 })).toMatchObject({
    succeeded: 1,
    failed: 2,
    firstFailureMs: 1,
    halfFullMs: -1,
  });
});
