import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  forecastPorts,
  measureBirthsPerS,
  measureDeathsPerS,
  type PortLoad,
} from "../../src/watch/index.ts";
import { leftAt, noneLeft } from "./a-reading.ts";

/** 100 ports, nothing open, and TIME_WAIT as long as on a kernel of 250 Hz. */
function use(given: Partial<PortLoad> = {}): PortLoad {
  return {
    usable: 100,
    open: 0,
    openGrowthPerS: 0,
    timeWaitLeft: noneLeft(),
    newPerS: 0,
    waitMs: 61_024,
    ...given,
  };
}

describe("the outlook of a port range", () => {
  test("ends when the rest of the ports is taken at the present rate", () => {
    const half = use({ timeWaitLeft: leftAt({ 58: 25, 59: 25 }), newPerS: 25 });
    const { taken, outlook, cliffInMs } = forecastPorts(half);
    expect(taken).toBe(50);
    expect(cliffInMs).toBe(0);
    expect(outlook).toEqual({ kind: "exhausts", inMs: 2000 });
  });

  test("is exhausted when no port is left", () => {
    const full = use({ timeWaitLeft: leftAt({ 50: 90 }), open: 10 });
    expect(forecastPorts(full).outlook).toEqual({ kind: "exhausted" });
  });

  test("levels off where TIME_WAIT ends as fast as it begins", () => {
    // One per second for ten seconds; a minute later 61 are there, and no more.
    const young = use({
      timeWaitLeft: noneLeft().map((_, left) => (left >= 50 ? 1 : 0)),
      newPerS: 1,
    });
    const { outlook, cliffInMs } = forecastPorts(young);
    expect(outlook).toEqual({ kind: "levels-off", ports: 61 });
    expect(cliffInMs).toBe(40_000);
  });

  test("does not grow under a load that has gone on for a minute", () => {
    const steady = use({ timeWaitLeft: noneLeft().map(() => 1), newPerS: 1 });
    expect(forecastPorts(steady).outlook).toEqual({ kind: "not-growing" });
    expect(forecastPorts(use()).outlook).toEqual({ kind: "not-growing" });
  });

  test("counts ports that tcp_tw_reuse gives back as free", () => {
    const reused = use({ timeWaitLeft: leftAt({ 30: 80, 59: 10 }), newPerS: 10, waitMs: 1000 });
    const { taken, outlook, cliffInMs } = forecastPorts(reused);
    expect(taken).toBe(10);
    expect(outlook).toEqual({ kind: "not-growing" });
    expect(cliffInMs).toBeNull();
  });

  test("sees open connections add up beyond the minute of TIME_WAIT", () => {
    const leak = use({ open: 10, openGrowthPerS: 0.5 });
    expect(forecastPorts(leak).outlook).toEqual({ kind: "exhausts", inMs: 180_000 });
  });

  test("foretells exhaustion exactly when the load exceeds what a minute gives back", () => {
    const rates = fc.integer({ min: 1, max: 400 });
    const ranges = fc.integer({ min: 10, max: 5000 });
    fc.assert(
      fc.property(rates, ranges, (newPerS, usable) => {
        const { outlook } = forecastPorts(use({ newPerS, usable }));
        // From nothing: so many per second for 61.024 s, or until the range is full.
        const fits = newPerS * 61.024 < usable;
        expect(outlook.kind).toBe(fits ? "levels-off" : "exhausts");
        if (outlook.kind !== "exhausts") return;
        expect(Math.abs(outlook.inMs - (usable / newPerS) * 1000)).toBeLessThanOrEqual(100);
      }),
    );
  });
});

describe("the rate of TIME_WAIT, from what is left of each", () => {
  test("is that of the last second when it holds enough, else of the last two", () => {
    expect(measureBirthsPerS(leftAt({ 59: 30, 58: 10, 57: 500 }), false)).toBe(30);
    expect(measureBirthsPerS(leftAt({ 59: 10, 58: 20, 57: 500 }), false)).toBe(15);
  });

  test("is taken over a longer time when there are few", () => {
    const slow = noneLeft().map((_, left) => (left % 2 === 1 ? 1 : 0));
    expect(measureBirthsPerS(slow, false)).toBe(0.5);
  });

  test("is none once the load has stopped", () => {
    expect(measureBirthsPerS(leftAt({ 54: 1000 }), false)).toBe(0);
  });

  test("is that of the last second where older ones are taken over", () => {
    expect(measureBirthsPerS(leftAt({ 59: 40, 58: 3 }), true)).toBe(40);
  });

  test("of its ends leaves out those that the timer wheel is late with", () => {
    expect(measureDeathsPerS(leftAt({ 0: 90, 1: 30, 2: 30 }))).toBe(30);
  });
});
