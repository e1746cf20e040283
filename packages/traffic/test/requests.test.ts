import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cyclePorts } from "../src/cycle-ports.ts";
import { drawRequests } from "../src/requests.ts";
import { aWorkload } from "./fixtures/a-workload.ts";

describe("the number of requests of a connection", () => {
  test("is the number, or without end", () => {
    expect(drawRequests(aWorkload({ requestsPerConnection: 4 }), 1)()).toBe(4);
    expect(drawRequests(aWorkload({ requestsPerConnection: "unlimited" }), 1)()).toBe(Infinity);
  });

  test("drawn from a range takes every value of it, and the same ones for the same seed", () => {
    const workload = aWorkload({ requestsPerConnection: { from: 2, to: 4 } });
    const draw = (seed: number): number[] =>
      Array.from({ length: 200 }, drawRequests(workload, seed));
    expect(new Set(draw(1))).toEqual(new Set([2, 3, 4]));
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
  });
});

describe("explicit local ports", () => {
  test("of the workers of a namespace are distinct, and together the whole range", () => {
    const size = fc.integer({ min: 1, max: 60 });
    fc.assert(
      fc.property(size, fc.integer({ min: 1, max: 6 }), (ports, workers) => {
        fc.pre(workers <= ports);
        const range = { low: 40_000, high: 40_000 + ports - 1 };
        const taken = Array.from({ length: workers }, (_, index) => {
          const next = cyclePorts(range, { index, of: workers });
          const own = Math.ceil((ports - index) / workers);
          const turn = Array.from({ length: own }, next);
          expect(next()).toBe(turn[0]);
          return turn;
        }).flat();
        expect(taken.toSorted((a, b) => a - b)).toEqual(
          Array.from({ length: ports }, (_, i) => range.low + i),
        );
      }),
    );
  });
});
