import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { arrivalTimes, type OpenArrival } from "../src/arrivals.ts";

const open = (more: Partial<OpenArrival> = {}): OpenArrival => ({
  model: "open",
  shape: "constant",
  ratePerS: 100,
  toPerS: null,
  steps: null,
  limit: null,
  ...more,
});

const times = (arrival: OpenArrival, durationMs: number, seed = 1) => [
  ...arrivalTimes(arrival, durationMs, seed),
];

const anyArrival: fc.Arbitrary<OpenArrival> = fc
  .record({
    shape: fc.constantFrom("constant", "poisson", "ramp", "step"),
    ratePerS: fc.integer({ min: 1, max: 400 }),
    toPerS: fc.integer({ min: 1, max: 400 }),
    steps: fc.integer({ min: 2, max: 7 }),
    limit: fc.option(fc.integer({ min: 1, max: 500 })),
  })
  .map((arrival) => open(arrival));

const anyDuration = fc.integer({ min: 1, max: 4000 });

describe("every schedule", () => {
  test("ascends, starts at or after 0, and ends before the phase does", () => {
    fc.assert(
      fc.property(anyArrival, anyDuration, fc.nat(), (arrival, durationMs, seed) => {
        const all = times(arrival, durationMs, seed);
        expect(all.every((t, i) => t >= (all[i - 1] ?? 0) && t < durationMs)).toBe(true);
        expect(all.every(Number.isFinite)).toBe(true);
      }),
    );
  });

  test("is the same for the same arguments, so that workers can each take their part", () => {
    fc.assert(
      fc.property(anyArrival, anyDuration, fc.nat(), (arrival, durationMs, seed) => {
        expect(times(arrival, durationMs, seed)).toEqual(times(arrival, durationMs, seed));
      }),
    );
  });

  test("stops at its limit and loses nothing before it", () => {
    fc.assert(
      fc.property(anyArrival, anyDuration, fc.nat(), (arrival, durationMs, seed) => {
        const all = times({ ...arrival, limit: null }, durationMs, seed);
        expect(times(arrival, durationMs, seed)).toEqual(all.slice(0, arrival.limit ?? all.length));
      }),
    );
  });
});

test("a constant rate has rate × time arrivals, evenly spaced", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 500 }),
      fc.integer({ min: 1, max: 9 }),
      (ratePerS, seconds) => {
        const all = times(open({ ratePerS }), seconds * 1000);
        expect(all).toHaveLength(ratePerS * seconds);
        expect(all[0]).toBe(0);
        for (const [i, t] of all.entries()) expect(t).toBeCloseTo((i * 1000) / ratePerS, 9);
      },
    ),
  );
});

describe("Poisson arrivals", () => {
  const arrival = open({ shape: "poisson", ratePerS: 1000 });
  const all = times(arrival, 60_000, 5);
  const gaps = all.slice(1).map((t, i) => t - (all[i] ?? 0));
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length;

  test("come at their rate", () => {
    // 60 000 expected, standard deviation 245: five of them.
    expect(Math.abs(all.length - 60_000)).toBeLessThan(1225);
  });

  test("have exponential gaps: as much deviation as mean, and 1/e longer than the mean", () => {
    expect(Math.sqrt(variance) / mean).toBeCloseTo(1, 1);
    expect(gaps.filter((gap) => gap > mean).length / gaps.length).toBeCloseTo(Math.exp(-1), 2);
  });

  test("have counts that vary as much as they are large", () => {
    const counts = Array.from({ length: 600 }, () => 0);
    for (const t of all) counts[Math.floor(t / 100)] = (counts[Math.floor(t / 100)] ?? 0) + 1;
    const average = counts.reduce((sum, count) => sum + count, 0) / counts.length;
    const spread = counts.reduce((sum, count) => sum + (count - average) ** 2, 0) / counts.length;
    expect(spread / average).toBeGreaterThan(0.75);
    expect(spread / average).toBeLessThan(1.3);
  });

  test("of another seed are others", () => {
    expect(times(arrival, 100, 1)).not.toEqual(times(arrival, 100, 2));
  });
});

describe("a ramp", () => {
  const ends = fc.integer({ min: 1, max: 400 });

  test("has as many arrivals as the area under its rate", () => {
    fc.assert(
      fc.property(ends, ends, fc.integer({ min: 1, max: 9 }), (ratePerS, toPerS, seconds) => {
        const count = times(open({ shape: "ramp", ratePerS, toPerS }), seconds * 1000).length;
        const area = ((ratePerS + toPerS) / 2) * seconds;
        expect(Math.abs(count - area)).toBeLessThanOrEqual(1);
      }),
    );
  });

  test("has its i-th arrival where the integral of the rate is i", () => {
    fc.assert(
      fc.property(ends, ends, (ratePerS, toPerS) => {
        const slopePerMs = (toPerS - ratePerS) / 5000;
        for (const [i, t] of times(open({ shape: "ramp", ratePerS, toPerS }), 5000).entries()) {
          expect((ratePerS * t + (slopePerMs * t * t) / 2) / 1000).toBeCloseTo(i, 6);
        }
      }),
    );
  });

  test("that is level is a constant rate", () => {
    expect(times(open({ shape: "ramp", toPerS: 100 }), 2000)).toEqual(times(open(), 2000));
  });
});

test("steps are plateaus of equal length from the first rate to the last, both included", () => {
  const all = times(open({ shape: "step", ratePerS: 100, toPerS: 400, steps: 4 }), 4000);
  const perSecond = [0, 1, 2, 3].map((s) => all.filter((t) => Math.floor(t / 1000) === s).length);
  expect(perSecond).toEqual([100, 200, 300, 400]);
});
