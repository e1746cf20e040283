import * as fc from "fast-check";
import { expect, test } from "vitest";
import { shareOf, shareOfWorkers, splitEvenly, splitWorkers } from "../src/share.ts";

const total = fc.nat(1_000_000);
const parts = fc.integer({ min: 1, max: 64 });
const sum = (values: readonly number[]) => values.reduce((all, value) => all + value, 0);

test.each([
  [10, 4, [3, 3, 2, 2]],
  [3, 5, [1, 1, 1, 0, 0]],
  [0, 2, [0, 0]],
  [8, 1, [8]],
])("%d over %d parts is %j", (units, count, expected) => {
  expect(splitEvenly(units, count)).toEqual(expected);
});

test("the parts add up to the whole, differ by at most one, and never grow", () => {
  fc.assert(
    fc.property(total, parts, (units, count) => {
      const split = splitEvenly(units, count);
      expect(split).toHaveLength(count);
      expect(sum(split)).toBe(units);
      expect(Math.max(...split) - Math.min(...split)).toBeLessThanOrEqual(1);
      expect(split).toEqual(split.toSorted((a, b) => b - a));
    }),
  );
});

test("one part alone is the same as in the list", () => {
  fc.assert(
    fc.property(total, parts, (units, count) => {
      const alone = Array.from({ length: count }, (_, part) => shareOf(units, count, part));
      expect(alone).toEqual(splitEvenly(units, count));
    }),
  );
});

test("the parts of several workers together are those of each, added", () => {
  fc.assert(
    fc.property(total, parts, fc.tuple(fc.nat(63), fc.nat(63)), (units, of, [from, most]) => {
      const first = from % of;
      const count = 1 + (most % (of - first));
      const each = splitEvenly(units, of).slice(first, first + count);
      expect(shareOfWorkers(units, { first, count, of })).toBe(sum(each));
    }),
  );
});

test("workers are covered exactly once by ranges that follow each other", () => {
  fc.assert(
    fc.property(fc.nat(500), parts, (workers, agents) => {
      const shares = splitWorkers(workers, agents);
      const covered = shares.flatMap(({ first, count }) =>
        Array.from({ length: count }, (_, i) => first + i),
      );
      expect(covered).toEqual(Array.from({ length: workers }, (_, i) => i));
      expect(shares.every(({ of }) => of === workers)).toBe(true);
    }),
  );
});
