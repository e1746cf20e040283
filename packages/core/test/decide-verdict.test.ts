import { array, assert, double, oneof, property, tuple } from "fast-check";
import { describe, expect, test } from "vitest";
import { compareVariants } from "../src/compare-variants.ts";
import type { Comparison } from "../src/comparison/comparison.ts";
import type { MeasuredTrial } from "../src/comparison/read-measurement.ts";
import { BLOCK_LOOKS, nextLook, shouldAddBlocks } from "../src/comparison/should-add-blocks.ts";
import { ALPHA, blocksNeeded, decideVerdicts, type Verdict } from "../src/decide-verdict.ts";
import { trialsOf } from "./fixtures/measured-trials.ts";

const RATE = "client.connections.rate";
const P50 = "client.latency.connect.p50";
const FAILURES = "client.failures.ECONNREFUSED";
const ATTEMPTED = { "client.connections.attempted": 100_000 };

const steady = (value: number, blocks: number): number[] =>
  Array.from({ length: blocks }, (_, i) => value * (1 + ((i % 3) - 1) * 0.002));

function judgeOne(
  baseline: readonly MeasuredTrial[],
  candidate: readonly MeasuredTrial[],
  name: string,
): Verdict {
  const [role, ...rest] = name.split(".");
  const key = { role: role as "client", metric: rest.join(".") };
  const [verdict] = decideVerdicts(compareVariants(baseline, candidate, { metrics: [key] }));
  return verdict as Verdict;
}

describe("a verdict", () => {
  test.each([
    ["a rate that rises by 10 %", RATE, 1.1, "better"],
    ["a rate that falls by 10 %", RATE, 0.9, "worse"],
    ["a latency that rises by 10 %", P50, 1.1, "worse"],
    ["a latency that falls by 10 %", P50, 0.9, "better"],
    ["a rate that rises by 1 %", RATE, 1.01, "no-difference"],
    ["a p50 that rises by 4 %", P50, 1.04, "no-difference"],
    ["a p99 that rises by 9 %", "client.latency.connect.p99", 1.09, "no-difference"],
    ["a p99 that rises by 11 %", "client.latency.connect.p99", 1.11, "worse"],
    ["a gauge that falls to zero", "target.time_wait.peak", 0, "better"],
    ["a kernel counter that is neither good nor bad", "target.tcpext.TW", 2, "inconclusive"],
  ] as const)("of %s", (...[, name, factor, kind]) => {
    const baseline = trialsOf(name, steady(1000, 12));
    const candidate = trialsOf(name, steady(1000 * factor, 12));
    expect(judgeOne(baseline, candidate, name).kind).toBe(kind);
  });

  test("of a run with itself is no difference on every metric", () => {
    const trials = trialsOf(RATE, steady(1000, 8), { [P50]: 120, [FAILURES]: 3, ...ATTEMPTED });
    const verdicts = decideVerdicts(compareVariants(trials, trials));
    const kinds = new Set(verdicts.map(({ kind }) => kind));
    expect(kinds).toEqual(new Set(["no-difference", "inconclusive"]));
    // Only the number of attempts, which is neither good nor bad, is not judged.
    expect(verdicts.filter(({ kind }) => kind === "inconclusive")).toHaveLength(1);
  });

  test("of noise wider than the margin is inconclusive", () => {
    const noisy = [70, 140, 95, 120, 60, 150, 88, 101];
    const verdict = judgeOne(trialsOf(P50, noisy), trialsOf(P50, noisy.toReversed()), P50);
    expect(verdict.kind).toBe("inconclusive");
  });

  test("of a small gain that may be a large one is inconclusive, although it is surely no loss", () => {
    const baseline = trialsOf(P50, steady(100, 8));
    const candidate = trialsOf(P50, [99.5, 99, 98.5, 98, 97, 94, 93, 92]);
    expect(judgeOne(baseline, candidate, P50).kind).toBe("inconclusive");
  });

  test.each([1, 2, 3, 4])(
    "of %i blocks says that five are needed, however large the change",
    (n) => {
      const verdict = judgeOne(trialsOf(P50, steady(100, n)), trialsOf(P50, steady(900, n)), P50);
      expect(verdict).toMatchObject({ kind: "inconclusive", reason: `need ≥ 5 blocks, have ${n}` });
    },
  );

  test("of five blocks may be no difference, but no change can be sure yet", () => {
    const baseline = trialsOf(P50, steady(100, 5));
    expect(judgeOne(baseline, trialsOf(P50, steady(101, 5)), P50).kind).toBe("no-difference");
    const worse = judgeOne(baseline, trialsOf(P50, steady(200, 5)), P50);
    expect(worse.kind).toBe("inconclusive");
    expect(worse.reason).toContain("need ≥ 8 blocks");
  });

  test("of all-invalid trials is invalid", () => {
    const trials = trialsOf(P50, steady(100, 8));
    const broken = trials.map((trial) => ({ ...trial, state: "invalid" as const }));
    expect(judgeOne(trials, broken, P50).kind).toBe("invalid");
    expect(judgeOne(trials, trialsOf(P50, [Number.NaN, 1, 1, 1, 1, 1, 1, 1]), P50).kind).toBe(
      "invalid",
    );
  });

  test("of a change from zero is judged in the metric's own unit", () => {
    const gauge = "target.accept_queue.peak";
    const zeros = trialsOf(gauge, steady(0, 8));
    expect(judgeOne(zeros, trialsOf(gauge, steady(4096, 8)), gauge).kind).toBe("worse");
    expect(judgeOne(zeros, zeros, gauge).kind).toBe("no-difference");
  });
});

describe("p and the interval, which are of two tests where a block is outlying", () => {
  const judgeChanges = (changes: readonly number[]) => {
    const baseline = trialsOf(
      P50,
      changes.map(() => 100),
    );
    const candidate = trialsOf(
      P50,
      changes.map((change) => 100 * Math.exp(change)),
    );
    const comparisons = compareVariants(baseline, candidate);
    return { comparison: comparisons[0] as Comparison, verdict: decideVerdicts(comparisons)[0] };
  };

  /** Whether the whole interval lies on the claimed side of no change, and the estimate beyond the margin. */
  const isBorneOut = (kind: string, { low, high, effect, margin }: Comparison): boolean => {
    if (kind === "worse") return (low ?? -1) > 0 && (effect ?? 0) >= margin;
    return kind !== "better" || ((high ?? 1) < 0 && (effect ?? 0) <= -margin);
  };

  test("claim nothing together that the interval denies, however small p is", () => {
    const calm = [0.1, 0.101, 0.102, 0.103, 0.104, 0.105, 0.106, 0.107, 0.108, 0.109];
    const { comparison, verdict } = judgeChanges([...calm, -2, -2.1]);
    expect(comparison.p).toBeLessThan(ALPHA);
    expect(comparison.low).toBeLessThan(0);
    expect(comparison.high).toBeGreaterThan(0);
    expect(verdict?.kind).toBe("inconclusive");
  });

  test("claim a difference only where the whole interval lies on its side of none, and the estimate beyond the margin", () => {
    const calm = double({ min: -0.3, max: 0.3, noNaN: true });
    const outlying = double({ min: -3, max: 3, noNaN: true });
    const changes = array(oneof({ weight: 5, arbitrary: calm }, outlying), {
      minLength: 8,
      maxLength: 16,
    });
    const shifted = tuple(changes, double({ min: -0.4, max: 0.4, noNaN: true })).map(
      ([each, shift]) => each.map((change) => change + shift),
    );
    let claims = 0;
    assert(
      property(shifted, (each) => {
        const { comparison, verdict } = judgeChanges(each);
        const kind = verdict?.kind ?? "invalid";
        if (kind === "worse" || kind === "better") claims++;
        expect([kind, isBorneOut(kind, comparison)]).toEqual([kind, true]);
      }),
      { numRuns: 1000, seed: 12 },
    );
    expect(claims).toBeGreaterThan(50);
  });
});

describe("events where the baseline has none", () => {
  const none = trialsOf(FAILURES, steady(0, 8), ATTEMPTED);
  test.each([
    ["none either", [0, 0, 0, 0, 0, 0, 0, 0], "no-difference"],
    ["some, surely within the budget of 1e-5", [1, 0, 0, 0, 0, 0, 0, 0], "no-difference"],
    ["some, which may exceed it", [1, 1, 1, 1, 2, 1, 2, 1], "inconclusive"],
    [
      "more, but so few that luck may have given them all to one side",
      [1, 1, 0, 1, 1, 1, 1, 1],
      "inconclusive",
    ],
    ["surely more", [40, 41, 39, 42, 40, 38, 44, 40], "worse"],
    ["many, but all in one burst", [0, 0, 0, 800, 0, 0, 0, 0], "inconclusive"],
    // Poisson's bound of 2 events in 800 000 connections is 7.9e-6; as one burst of two, 1.2e-5.
    [
      "two, which came together and may be a burst of many",
      [0, 0, 2, 0, 0, 0, 0, 0],
      "inconclusive",
    ],
    ["two, which came apart and are within the budget", [0, 0, 1, 0, 0, 1, 0, 0], "no-difference"],
  ])("%s", (_, counts, kind) => {
    expect(judgeOne(none, trialsOf(FAILURES, counts, ATTEMPTED), FAILURES).kind).toBe(kind);
  });
});

describe("no event on either side", () => {
  const judgeNone = (attempted: number): Verdict => {
    const none = trialsOf(FAILURES, steady(0, 12), { "client.connections.attempted": attempted });
    return judgeOne(none, none, FAILURES);
  };

  test("of too few connections to show the budget kept is inconclusive, and says what it bounds", () => {
    expect(judgeNone(500)).toMatchObject({
      kind: "inconclusive",
      reason:
        "no event in 6 000 connections, at most 5 in 10 000 (95 %), which is too few connections to show the budget of 1 in 100 000 kept",
    });
  });

  test("of enough connections is no difference, from 300 000 on", () => {
    expect(judgeNone(24_900).kind).toBe("inconclusive");
    expect(judgeNone(25_000)).toMatchObject({
      kind: "no-difference",
      reason:
        "no event in 300 000 connections, at most 1 in 100 000 (95 %), within the budget of 1 in 100 000",
    });
  });
});

describe("a family of comparisons", () => {
  test("needs more blocks the larger it is, and the reason says how many", () => {
    expect([1, 2, 10, 25].map((family) => blocksNeeded(family))).toEqual([8, 9, 11, 13]);
    expect([1, 2, 10, 25].map((family) => blocksNeeded(family, 0.05))).toEqual([6, 7, 9, 10]);
    const latencies = ["p50", "p90", "p99"].map((q) => `client.latency.connect.${q}`);
    const all = (factor: number): Record<string, number> =>
      Object.fromEntries(latencies.map((name) => [name, 100 * factor]));
    const baseline = trialsOf(RATE, steady(1000, 8), all(1));
    const candidate = trialsOf(RATE, steady(500, 8), all(2));
    const verdicts = decideVerdicts(compareVariants(baseline, candidate));
    expect(verdicts.map(({ kind }) => kind)).toEqual(
      Array.from({ length: 4 }, () => "inconclusive"),
    );
    expect(verdicts[0]?.reason).toContain("need ≥ 10 blocks");
    expect(judgeOne(baseline, candidate, RATE).kind).toBe("worse");
  });

  test("is not made larger by metrics that do not differ at all", () => {
    const equal = {
      ...ATTEMPTED,
      [FAILURES]: 0,
      [P50]: 100,
      "client.requests.failed": 0,
      "client.connections.dropped": 0,
    };
    const baseline = trialsOf(RATE, steady(1000, 8), equal);
    const candidate = trialsOf(RATE, steady(500, 8), equal);
    const verdicts = decideVerdicts(compareVariants(baseline, candidate));
    expect(verdicts.map(({ kind }) => kind).toSorted()).toEqual([
      "inconclusive",
      "no-difference",
      "no-difference",
      "no-difference",
      "no-difference",
      "worse",
    ]);
  });

  test.each([ALPHA, 0.05])(
    "of 25 comparisons can tell at %d with as many blocks as it says, and not with one fewer",
    (alpha) => {
      const least = (n: number): number => 25 * 2 ** (1 - n);
      expect(least(blocksNeeded(25, alpha))).toBeLessThan(alpha);
      expect(least(blocksNeeded(25, alpha) - 1)).toBeGreaterThanOrEqual(alpha);
    },
  );
});

describe("a latency quantile", () => {
  const slower = (observations: number, name: string): Verdict => {
    const counted = { "client.connections.established": observations };
    const baseline = trialsOf(name, steady(1000, 12), counted);
    return judgeOne(baseline, trialsOf(name, steady(2000, 12), counted), name);
  };

  test.each([
    ["p50", 20, "worse"],
    ["p99", 1000, "worse"],
    ["p99", 900, "inconclusive"],
    ["p999", 10_000, "worse"],
    ["p999", 3200, "inconclusive"],
    ["max", 1_000_000, "inconclusive"],
  ] as const)(
    "%s of %i connections per trial: a doubling is %s",
    (quantile, observations, kind) => {
      expect(slower(observations, `client.latency.connect.${quantile}`).kind).toBe(kind);
    },
  );

  test("says how many observations lie beyond it", () => {
    expect(slower(3200, "client.latency.connect.p999").reason).toBe(
      "only 3 observations of a trial lie beyond this quantile, need ≥ 10",
    );
  });
});

describe("looks", () => {
  const around = (width: number, n: number): number[] =>
    Array.from({ length: n }, (_, i) => (i % 2 === 0 ? width : -width));

  test("go on while the interval is wide, by its width alone", () => {
    for (const shift of [-1, 0, 0.3, 5]) {
      expect(
        shouldAddBlocks(
          around(0.2, 8).map((d) => d + shift),
          0.05,
          8,
        ),
      ).toBe(true);
      expect(
        shouldAddBlocks(
          around(0.001, 8).map((d) => d + shift),
          0.05,
          8,
        ),
      ).toBe(false);
    }
  });

  test("go on when too many trials were invalid for any interval", () => {
    expect(shouldAddBlocks(around(0.001, 4), 0.05, 8)).toBe(true);
    expect(shouldAddBlocks([], 0.05, 12)).toBe(true);
    expect(
      shouldAddBlocks(
        Array.from({ length: 8 }, () => Number.NaN),
        0.05,
        8,
      ),
    ).toBe(true);
  });

  test("end at the last, whatever was seen", () => {
    expect(shouldAddBlocks(around(9, 16), 0.05, 16)).toBe(false);
    expect([0, 8, 12, 16, 20].map(nextLook)).toEqual([8, 12, 16, null, null]);
    expect(BLOCK_LOOKS).toEqual([8, 12, 16]);
  });
});
