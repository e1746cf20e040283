import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { estimateHodgesLehmann } from "../../src/statistics/estimate-hodges-lehmann.ts";
import { normalTail } from "../../src/statistics/normal-tail.ts";
import { quantile } from "../../src/statistics/quantile.ts";
import { selectWalshAverage } from "../../src/statistics/select-walsh-average.ts";
import { signFlipP } from "../../src/statistics/sign-flip-p.ts";
import {
  distributeSubsetSums,
  EXACT_BLOCKS_MAX,
  findTailRank,
  subsetSumTail,
} from "../../src/statistics/signed-rank-distribution.ts";
import { type Interval, signedRankInterval } from "../../src/statistics/signed-rank-interval.ts";
import { expectValue, type Statistic } from "../../src/statistics/statistic.ts";

import golden from "../fixtures/statistics/golden.json" with { type: "json" };

const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
const difference = fc.double({ min: -1, max: 1, noNaN: true });
const differences = fc.array(difference, { minLength: 1, maxLength: 16 });
/** Few distinct values, so that ties and zeros are the rule. */
const tied = fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 1, maxLength: 10 });

describe("golden values enumerated in Python", () => {
  test.each(golden.paired)("of $differences", (known) => {
    expect(expectValue(estimateHodgesLehmann(known.differences))).toBeCloseTo(
      known.hodgesLehmann,
      14,
    );
    expect(expectValue(signFlipP(known.differences))).toBeCloseTo(known.signFlipP, 14);
    expectInterval(signedRankInterval(known.differences, 0.9), known.interval90);
    expectInterval(signedRankInterval(known.differences, 0.95), known.interval95);
  });

  test("of the null distribution of the signed-rank sum, to the last bit", () => {
    for (const known of golden.signedRankNull) {
      const n = (Math.sqrt(8 * known.length - 7) - 1) / 2;
      const ranks = Array.from({ length: n }, (_, i) => i + 1);
      expect([...distributeSubsetSums(ranks)]).toEqual(known);
    }
  });
});

type KnownInterval = Interval | null;

function expectInterval(found: ReturnType<typeof signedRankInterval>, known: KnownInterval): void {
  expect(found.defined).toBe(known !== null);
  const digits = ({ low, high, confidence }: Interval): string[] =>
    [low, high, confidence].map((value) => value.toFixed(14));
  expect(found.defined ? digits(found.value) : found.reason).toEqual(
    known === null ? "too-few" : digits(known),
  );
}

/** Sizes, but those beyond Tukey's upper fence brought below all others, the largest the lowest. */
function foldOutlying(values: readonly number[]): number[] {
  const sizes = values.map(Math.abs);
  const standing = sizes.filter((size) => size > 0);
  if (standing.length === 0) return sizes;
  const [first, third] = [0.25, 0.75].map((share) => expectValue(quantile(standing, share))) as [
    number,
    number,
  ];
  const fence = third + 1.5 * (third - first);
  const below = Math.min(...standing) / 2;
  return sizes.map((size) => (size > fence ? below / (1 + size) : size));
}

const hasOutlying = (values: readonly number[]): boolean =>
  foldOutlying(values).some((size, i) => size !== Math.abs(values[i] as number));

/** All 2ⁿ sign vectors, one by one, with mid-ranks: the definition itself. */
function enumerateSignFlips(values: readonly number[]): number {
  const sizes = foldOutlying(values);
  const ranks = sizes.map(
    (size) =>
      sizes.filter((s) => s < size).length + (sizes.filter((s) => s === size).length + 1) / 2,
  );
  const sum = (signOf: (i: number) => number): number =>
    Math.abs(ranks.reduce((total, rank, i) => total + signOf(i) * rank, 0));
  const observed = sum((i) => Math.sign(values[i] as number));
  let reached = 0;
  for (let flips = 0; flips < 2 ** values.length; flips++) {
    const flipped = sum((i) => (values[i] === 0 ? 0 : (flips >> i) & 1 ? 1 : -1));
    if (flipped >= observed) reached++;
  }
  return reached / 2 ** values.length;
}

describe("the sign-flip p", () => {
  test("equals the enumeration of all flips, with ties and zeros", () => {
    fc.assert(
      fc.property(tied, (values) => {
        expect(expectValue(signFlipP(values))).toBeCloseTo(enumerateSignFlips(values), 12);
      }),
    );
  });

  test("equals the enumeration with differences far beyond the others", () => {
    const far = fc.tuple(tied, fc.array(fc.constantFrom(-40, 40, 90), { maxLength: 3 }));
    let outlying = 0;
    fc.assert(
      fc.property(far, ([near, beyond]) => {
        const values = [...near, ...beyond];
        if (hasOutlying(values)) outlying++;
        expect(expectValue(signFlipP(values))).toBeCloseTo(enumerateSignFlips(values), 12);
      }),
      { numRuns: 60 },
    );
    expect(outlying).toBeGreaterThan(10);
  });

  test("is exact: of all flips of the same sizes, at most a share α has p ≤ α", () => {
    const anySizes = fc.array(fc.oneof(difference, fc.constantFrom(0, 5, -9)), {
      minLength: 5,
      maxLength: 9,
    });
    fc.assert(
      fc.property(anySizes, (values) => {
        const ps = Array.from({ length: 2 ** values.length }, (_, flips) =>
          expectValue(signFlipP(values.map((value, i) => ((flips >> i) & 1 ? -value : value)))),
        );
        for (const alpha of [0.01, 0.05, 0.1, 0.3]) {
          const share = ps.filter((p) => p <= alpha).length / ps.length;
          expect(share).toBeLessThanOrEqual(alpha);
        }
      }),
      { numRuns: 40 },
    );
  });

  test("is hardly moved by one disturbed block that points the other way, however far", () => {
    const calm = [0.09, 0.11, 0.08, 0.1, 0.12, 0.07, 0.095, 0.105, 0.085, 0.115, 0.1025];
    for (const disturbed of [-0.41, -3, -1e9]) {
      // As many flips reach it as if that block were the smallest: none, its own, and the same two turned.
      expect(signFlipP([...calm, disturbed])).toEqual({ defined: true, value: 4 / 2 ** 12 });
    }
    expect(signFlipP([...calm, 0.58])).toEqual({ defined: true, value: 2 / 2 ** 12 });
  });

  test("does not change when all signs are flipped, or with the unit", () => {
    fc.assert(
      fc.property(tied, (values) => {
        const p = signFlipP(values);
        expect(signFlipP(values.map((value) => -value))).toEqual(p);
        expect(signFlipP(values.map((value) => value * 1024))).toEqual(p);
      }),
    );
  });

  test("is 2/2ⁿ when n blocks agree in direction, and never less", () => {
    for (let n = 1; n <= 40; n++) {
      const agreeing = Array.from({ length: n }, (_, i) => i + 1);
      expect(signFlipP(agreeing)).toEqual({ defined: true, value: 2 ** (1 - n) });
    }
    fc.assert(
      fc.property(differences, (values) => {
        const p = expectValue(signFlipP(values));
        expect(p).toBeGreaterThanOrEqual(Math.min(1, 2 ** (1 - values.length)) * (1 - 1e-12));
        expect(p).toBeLessThanOrEqual(1);
      }),
    );
  });

  test("is 1 when nothing differs", () => {
    expect(signFlipP([0, 0, 0, 0, 0, 0])).toEqual({ defined: true, value: 1 });
  });
});

describe("the Hodges-Lehmann estimate", () => {
  test("moves with the differences and turns with their sign", () => {
    fc.assert(
      fc.property(differences, difference, (values, shift) => {
        const center = expectValue(estimateHodgesLehmann(values));
        const moved = expectValue(estimateHodgesLehmann(values.map((value) => value + shift)));
        expect(moved).toBeCloseTo(center + shift, 12);
        expect(expectValue(estimateHodgesLehmann(values.map((value) => -value)))).toBeCloseTo(
          -center,
          12,
        );
      }),
    );
  });

  test("is not moved far by one broken block of twelve", () => {
    const calm = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
    expect(expectValue(estimateHodgesLehmann([...calm, 1e9]))).toBeLessThan(8);
  });

  test("lies between the extremes, also of numbers whose sum overflows", () => {
    fc.assert(
      fc.property(fc.array(finite, { minLength: 1, maxLength: 12 }), (values) => {
        const center = expectValue(estimateHodgesLehmann(values));
        expect(center).toBeGreaterThanOrEqual(Math.min(...values));
        expect(center).toBeLessThanOrEqual(Math.max(...values));
      }),
    );
  });
});

describe("a Walsh average", () => {
  /** The whole list, as the definition has it. */
  const listWalshAverages = (values: readonly number[]): number[] =>
    values
      .flatMap((a, i) => values.slice(i).map((b) => (a === b ? a : a / 2 + b / 2)))
      .toSorted((a, b) => a - b);

  test("is selected by its rank as from the whole list, to the last bit", () => {
    const anything = fc.array(fc.oneof(finite, fc.integer({ min: -2, max: 2 })), {
      minLength: 1,
      maxLength: 12,
    });
    fc.assert(
      fc.property(anything, (values) => {
        const sorted = Float64Array.from(values).toSorted();
        const selected = listWalshAverages(values).map((_, i) => selectWalshAverage(sorted, i + 1));
        // Adding 0 makes −0 the 0 that it equals.
        expect(selected.map((v) => v + 0)).toEqual(listWalshAverages(values).map((v) => v + 0));
      }),
      { numRuns: 300 },
    );
  });
});

describe("beyond the exact distribution", () => {
  test.each(golden.normalTail)("the normal tail at $z is SciPy's", ({ z, tail }) => {
    expect(Math.abs(normalTail(z) / tail - 1)).toBeLessThan(2e-7);
  });

  test.each(golden.manyBlocks)("p of $n blocks is within 2e-5 of the exact one", (known) => {
    expect(known.n).toBeGreaterThan(EXACT_BLOCKS_MAX);
    expect(Math.abs(expectValue(signFlipP(known.differences)) - known.signFlipP)).toBeLessThan(
      2e-5,
    );
    // Of some 10 000 averages, the one chosen is at most one rank off.
    expect(Math.abs(findTailRank(known.n, 0.05).rank - known.rank90)).toBeLessThanOrEqual(1);
  });

  /** Counted subset by subset sum, which is exact and takes n³/4 steps. */
  function countSignFlips(values: readonly number[]): number {
    const sizes = foldOutlying(values);
    const ranks = sizes.map(
      (size) =>
        2 * sizes.filter((s) => s < size).length + sizes.filter((s) => s === size).length + 1,
    );
    const signed = ranks.filter((_, i) => values[i] !== 0);
    const total = signed.reduce((sum, rank) => sum + rank, 0);
    const positive = ranks.reduce(
      (sum, rank, i) => ((values[i] as number) > 0 ? sum + rank : sum),
      0,
    );
    return Math.min(1, 2 * subsetSumTail(signed, Math.min(positive, total - positive)));
  }

  const manyOf = (size: fc.Arbitrary<number>): fc.Arbitrary<number[]> =>
    fc
      .array(fc.tuple(size, fc.integer({ min: 0, max: 9 })), { minLength: 140, maxLength: 200 })
      .chain((drawn) =>
        // From none to all of them positive, so that every part of the tail is met.
        fc
          .integer({ min: 3, max: 7 })
          .map((tilt) => drawn.map(([value, luck]) => (luck < tilt ? value : -value))),
      );

  test.each([
    ["few distinct sizes and zeros", fc.integer({ min: 0, max: 3 }), 1e-11],
    // In the middle, where their mean rank is a large share of the variance however many of them are drawn.
    ["half of them equal", fc.oneof(fc.constant(250), fc.integer({ min: 1, max: 500 })), 1e-11],
    ["dozens of sizes", fc.integer({ min: 1, max: 60 }), 2e-5],
    ["hardly a tie", fc.integer({ min: 1, max: 100_000 }), 2e-5],
  ])("p of 140 to 200 blocks with %s is the counted one, within its bound", (_, size, bound) => {
    let worst = 0;
    fc.assert(
      fc.property(manyOf(size), (values) => {
        fc.pre(values.filter((value) => value !== 0).length > EXACT_BLOCKS_MAX);
        const off = Math.abs(expectValue(signFlipP(values)) - countSignFlips(values));
        worst = Math.max(worst, off);
        expect(off).toBeLessThan(bound);
      }),
      { numRuns: 40 },
    );
    expect(worst).toBeGreaterThan(0);
  });

  test("the interval's rank goes on growing with the number of blocks", () => {
    let last = 0;
    for (let n = EXACT_BLOCKS_MAX - 5; n <= EXACT_BLOCKS_MAX + 5; n++) {
      const { rank, tail } = findTailRank(n, 0.05);
      expect(rank).toBeGreaterThan(last);
      expect(tail).toBeLessThanOrEqual(0.05);
      expect(tail).toBeGreaterThan(0.0495);
      last = rank;
    }
  });
});

describe("the signed-rank interval", () => {
  test("holds the estimate, and is wider the surer it is", () => {
    fc.assert(
      fc.property(fc.array(difference, { minLength: 8, maxLength: 16 }), (values) => {
        const center = expectValue(estimateHodgesLehmann(values));
        const narrow = expectValue(signedRankInterval(values, 0.9));
        const wide = expectValue(signedRankInterval(values, 0.98));
        expect(narrow.low).toBeLessThanOrEqual(center);
        expect(narrow.high).toBeGreaterThanOrEqual(center);
        expect(wide.low).toBeLessThanOrEqual(narrow.low);
        expect(wide.high).toBeGreaterThanOrEqual(narrow.high);
        expect(wide.confidence).toBeGreaterThanOrEqual(0.98);
      }),
    );
  });

  test("excludes 0 exactly when the sign-flip p is at most 1 − confidence, without ties and nothing outlying", () => {
    const distinct = fc
      .uniqueArray(fc.integer({ min: 1, max: 1000 }), { minLength: 5, maxLength: 14 })
      .chain((sizes) =>
        fc.tuple(
          fc.constant(sizes),
          fc.array(fc.boolean(), { minLength: sizes.length, maxLength: sizes.length }),
        ),
      )
      .map(([sizes, signs]) => sizes.map((size, i) => (signs[i] ? size : -size)));
    fc.assert(
      fc.property(distinct, (values) => {
        fc.pre(!hasOutlying(values));
        const interval = expectValue(signedRankInterval(values, 0.9));
        const excludes = interval.low > 0 || interval.high < 0;
        expect(excludes).toBe(expectValue(signFlipP(values)) <= 1 - interval.confidence + 1e-12);
      }),
    );
  });

  test.each([
    [0.9, 5],
    [0.95, 6],
    [0.99, 8],
  ])("needs, at a confidence of %d, at least %d blocks", (confidence, blocks) => {
    const enough = Array.from({ length: blocks }, (_, i) => i);
    expect(signedRankInterval(enough, confidence).defined).toBe(true);
    expect(signedRankInterval(enough.slice(1), confidence)).toEqual({
      defined: false,
      reason: "too-few",
    });
  });

  test("has no width when every block shows the same", () => {
    expect(expectValue(signedRankInterval([0.1, 0.1, 0.1, 0.1, 0.1], 0.9))).toMatchObject({
      low: 0.1,
      high: 0.1,
    });
  });
});

const paired: [string, (values: readonly number[]) => Statistic<unknown>][] = [
  ["the Hodges-Lehmann estimate", estimateHodgesLehmann],
  ["the interval", (values) => signedRankInterval(values, 0.9)],
  ["the sign-flip p", signFlipP],
];

test.each(paired)("%s says why it has no value", (_, compute) => {
  expect(compute([])).toEqual({ defined: false, reason: "empty" });
  for (const broken of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    expect(compute([1, 2, 3, 4, 5, broken])).toEqual({ defined: false, reason: "not-finite" });
  }
});
