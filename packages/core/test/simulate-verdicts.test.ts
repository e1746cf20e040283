import { beforeAll, describe, expect, test } from "vitest";
import { compareVariants } from "../src/compare-variants.ts";
import type { Comparison } from "../src/comparison/comparison.ts";
import type { MeasuredTrial } from "../src/comparison/read-measurement.ts";
import { shouldAddBlocks } from "../src/comparison/should-add-blocks.ts";
import { blocksNeeded, decideVerdicts, type Verdict } from "../src/decide-verdict.ts";
import { claimsDifference } from "../src/describe-verdict.ts";
import { judgeGates } from "../src/judge-gates.ts";
import { seedUniform } from "../src/seeded-random.ts";
import { measuredTrial } from "./fixtures/measured-trials.ts";
import noise from "./fixtures/statistics/noise.json" with { type: "json" };
import realNoise from "./fixtures/statistics/real-noise.json" with { type: "json" };

/**
 * How often the verdicts are right, on drawn noise that is stored: each trial has 3 % log-normal noise, and the host drifts
 * by 1 % from trial to trial. At the end the same is asked of noise that was measured. The seeds are fixed, so a figure changes only when the method does.
 */
const REPETITIONS = 2000;
const METRIC = "client.latency.connect.p50";
const MARGIN = 0.05;

/** A trial that other work on the host disturbed takes so much longer. */
const DISTURBED_BY = 0.65;

interface Host {
  /** Of the order within the blocks and of the noise. */
  readonly uniform: () => number;
  /** Logarithm of the next trial's value on a host that drifts. */
  measure(): number;
}

/** `walk`: the drift is a random walk. `slope`: the host gets 1 % slower with every trial. */
function driftingHost(
  drift: "walk" | "slope",
  seed: number,
  { noiseFactor = 1, disturbedShare = 0 } = {},
): Host {
  const uniform = seedUniform(seed);
  const pick = (ppm: readonly number[]): number =>
    (ppm[Math.floor(uniform() * ppm.length)] as number) / 1e6;
  let level = 0;
  return {
    uniform,
    measure() {
      level += drift === "walk" ? pick(noise.driftPpm) : 0.01;
      const disturbance = uniform() < disturbedShare ? Math.log1p(DISTURBED_BY) : 0;
      return level + pick(noise.noisePpm) * noiseFactor + disturbance;
    },
  };
}

interface Experiment {
  readonly baseline: readonly MeasuredTrial[];
  readonly candidate: readonly MeasuredTrial[];
}

/** Runs blocks in random order until `isEnough`; the candidate is truly slower by `effect`. */
function runBlocks(
  host: Host,
  effect: number,
  isEnough: (differences: readonly number[]) => boolean,
): Experiment {
  const baseline: MeasuredTrial[] = [];
  const candidate: MeasuredTrial[] = [];
  const differences: number[] = [];
  while (!isEnough(differences)) {
    const candidateFirst = host.uniform() < 0.5;
    const [first, second] = [host.measure(), host.measure()];
    const from = candidateFirst ? second : first;
    const to = (candidateFirst ? first : second) + Math.log1p(effect);
    const block = differences.length;
    baseline.push(measuredTrial(block, { [METRIC]: 100 * Math.exp(from) }));
    candidate.push(measuredTrial(block, { [METRIC]: 100 * Math.exp(to) }));
    differences.push(to - from);
  }
  return { baseline, candidate };
}

const fixed = (blocks: number) => (differences: readonly number[]) => differences.length === blocks;
const byLooks = (differences: readonly number[]): boolean =>
  differences.length >= 8 &&
  differences.length % 4 === 0 &&
  !shouldAddBlocks(differences, MARGIN, differences.length);

/** Shares of each verdict, and of each outcome of a gate with the same margin. */
function simulate(
  effect: number,
  isEnough: (differences: readonly number[]) => boolean,
  drift: "walk" | "slope",
): Record<string, number> {
  const shares: Record<string, number> = {};
  const host = driftingHost(drift, 20_261_122);
  for (let i = 0; i < REPETITIONS; i++) {
    const experiment = runBlocks(host, effect, isEnough);
    for (const found of [judge(experiment).kind, judgeGate(experiment)]) {
      shares[found] = (shares[found] ?? 0) + 1 / REPETITIONS;
    }
  }
  return shares;
}

function judge({ baseline, candidate }: Experiment): Verdict {
  const [verdict] = decideVerdicts(compareVariants(baseline, candidate));
  return verdict as Verdict;
}

function judgeGate({ baseline, candidate }: Experiment): string {
  const bound = { kind: "against", baseline: "baseline", worseBy: MARGIN } as const;
  const variants = [
    { name: "a", trials: baseline },
    { name: "b", trials: candidate },
  ];
  const gates = [{ metric: METRIC, variant: null, bound }];
  return judgeGates({ gates, variants, baseline: "a" })[0]?.outcome ?? "none";
}

describe.each(["walk", "slope"] as const)("on a host whose drift is a %s", (drift) => {
  let same: Record<string, number>;
  let slower: Record<string, number>;
  let adaptive: Record<string, number>;

  beforeAll(() => {
    same = simulate(0, fixed(12), drift);
    slower = simulate(0.1, fixed(12), drift);
    adaptive = simulate(0, byLooks, drift);
  });

  test("two equal variants are called different in at most 5 % of all comparisons", () => {
    for (const shares of [same, adaptive]) {
      expect((shares["better"] ?? 0) + (shares["worse"] ?? 0)).toBeLessThanOrEqual(0.05);
      expect(shares["fail"] ?? 0).toBeLessThanOrEqual(0.05);
    }
  });

  test("a true 10 % is called worse, and fails a gate of 5 %, in at least 99 % at 12 blocks", () => {
    expect(slower["worse"]).toBeGreaterThanOrEqual(0.99);
    expect(slower["fail"]).toBeGreaterThanOrEqual(0.99);
  });

  test("a true 0 % passes a gate of 5 % in at least 95 % at 12 blocks", () => {
    expect(same["pass"]).toBeGreaterThanOrEqual(0.95);
  });

  test("a true 0 % is called no difference in at least 95 % with looks at 8, 12 and 16 blocks", () => {
    expect(adaptive["no-difference"]).toBeGreaterThanOrEqual(0.95);
    // At 12 blocks and no more it is a little less: both sides of the interval must lie within 5 %.
    expect(same["no-difference"]).toBeGreaterThanOrEqual(0.93);
  });
});

/** What 20 real runs of two equal variants differed by, 12 blocks each; blocks are drawn from all of them. */
describe.each(Object.entries(realNoise.logRatiosPpm))("on the measured noise of %s", (_, ppm) => {
  /** Shares of verdicts and outcomes of gates of 5 % at 12 blocks, the candidate being truly slower by `effect`. */
  function resample(effect: number): Record<string, number> {
    const uniform = seedUniform(5);
    const shares: Record<string, number> = {};
    for (let i = 0; i < REPETITIONS; i++) {
      const blocks = Array.from({ length: 12 }, (_block, block) => {
        const noisePpm = ppm[Math.floor(uniform() * ppm.length)] as number;
        const candidate = 100 * Math.exp(noisePpm / 1e6) * (1 + effect);
        return {
          baseline: measuredTrial(block, { [METRIC]: 100 }),
          candidate: measuredTrial(block, { [METRIC]: candidate }),
        };
      });
      const experiment = {
        baseline: blocks.map(({ baseline }) => baseline),
        candidate: blocks.map(({ candidate }) => candidate),
      };
      for (const found of [judge(experiment).kind, judgeGate(experiment)]) {
        shares[found] = (shares[found] ?? 0) + 1 / REPETITIONS;
      }
    }
    return shares;
  }

  test("equal variants are called different, or fail a gate, in at most 2 % of comparisons", () => {
    const shares = resample(0);
    expect((shares["better"] ?? 0) + (shares["worse"] ?? 0)).toBeLessThanOrEqual(0.02);
    expect(shares["fail"] ?? 0).toBeLessThanOrEqual(0.02);
  });

  test("a true 10 % that is lost in it is inconclusive: it passes a gate in at most 5 %", () => {
    const shares = resample(0.1);
    expect(shares["pass"] ?? 0).toBeLessThanOrEqual(0.05);
    expect(shares["better"] ?? 0).toBeLessThanOrEqual(0.01);
  });
});

describe("a table of 13 metrics that were not declared beforehand", () => {
  const METRICS = 13;

  /** The shares of tables with a false claim, and of those whose first metric, truly slower by `effect`, is found. */
  function simulateTables(
    { effect, blocks, noiseFactor }: Record<"effect" | "blocks" | "noiseFactor", number>,
    tables: number,
  ): { readonly wrong: number; readonly found: number } {
    let wrong = 0;
    let found = 0;
    const host = driftingHost("walk", 7, { noiseFactor });
    for (let table = 0; table < tables; table++) {
      const comparisons = Array.from({ length: METRICS }, (_, i) => {
        const { baseline, candidate } = runBlocks(host, i === 0 ? effect : 0, fixed(blocks));
        return compareVariants(baseline, candidate);
      }).flat();
      const [first, ...others] = decideVerdicts(comparisons).map(({ kind }) => kind);
      if (first === "worse") found += 1 / tables;
      if (others.some((kind) => CLAIMS.has(kind)) || (effect === 0 && CLAIMS.has(first as string)))
        wrong += 1 / tables;
    }
    return { wrong, found };
  }
  const CLAIMS: ReadonlySet<string> = new Set(["better", "worse"]);

  test.each([1, 3, 10])(
    "claims a difference where there is none in at most 1 % of tables, at %i times the noise",
    (noiseFactor) => {
      expect(
        simulateTables({ effect: 0, blocks: 12, noiseFactor }, 1000).wrong,
      ).toBeLessThanOrEqual(0.01);
    },
  );

  test("finds the only one that is truly 10 % slower: often at 12 blocks, in 99 % at 16", () => {
    expect(
      simulateTables({ effect: 0.1, blocks: 12, noiseFactor: 1 }, 300).found,
    ).toBeGreaterThanOrEqual(0.75);
    expect(
      simulateTables({ effect: 0.1, blocks: 16, noiseFactor: 1 }, 300).found,
    ).toBeGreaterThanOrEqual(0.99);
  });
});

describe("a table of 13 metrics with 4 variants beside their baseline", () => {
  const METRICS = 13;
  const VARIANTS = 4;
  const BLOCKS = 12;

  /** Every comparison of a table, by variant; the first metric of the first variant is truly slower by `effect`. */
  function makeTable(host: Host, effect: number): Comparison[][] {
    const byMetric = Array.from({ length: METRICS }, (_, metric) => {
      const sides = Array.from({ length: VARIANTS + 1 }, (): MeasuredTrial[] => []);
      for (let block = 0; block < BLOCKS; block++) {
        const order = sides.map((side, place) => ({ side, place, key: host.uniform() }));
        for (const { side, place } of order.toSorted((a, b) => a.key - b.key)) {
          const change = metric === 0 && place === 1 ? Math.log1p(effect) : 0;
          const value = 100 * Math.exp(host.measure() + change);
          side.push(measuredTrial(block, { [METRIC]: value }));
        }
      }
      const [baseline = [], ...candidates] = sides;
      return candidates.flatMap((candidate) => compareVariants(baseline, candidate));
    });
    return Array.from({ length: VARIANTS }, (_, v) =>
      byMetric.map((comparisons) => comparisons[v] as Comparison),
    );
  }

  /** Shares of tables in which the true change is found, and in which a claim is false. */
  function simulateTables(
    { effect, noiseFactor, tables }: Record<"effect" | "noiseFactor" | "tables", number>,
    judgeTable: (table: readonly Comparison[][]) => Verdict[],
  ): { readonly found: number; readonly wrong: number } {
    const host = driftingHost("walk", 7, { noiseFactor });
    let found = 0;
    let wrong = 0;
    for (let i = 0; i < tables; i++) {
      const [first, ...others] = judgeTable(makeTable(host, effect)).map(claimsDifference);
      if (first) found += 1 / tables;
      if (others.some(Boolean) || (effect === 0 && first)) wrong += 1 / tables;
    }
    return { found, wrong };
  }

  const byVariant = (table: readonly Comparison[][]): Verdict[] =>
    table.flatMap((comparisons) => decideVerdicts(comparisons));
  const asOneFamily = (table: readonly Comparison[][]): Verdict[] => decideVerdicts(table.flat());

  test("holds a false claim in at most 1 % for each variant", () => {
    const quiet = { effect: 0, noiseFactor: 3, tables: 400 };
    expect(simulateTables(quiet, byVariant).wrong).toBeLessThanOrEqual(VARIANTS * 0.01);
  });

  test("could claim nothing at 12 blocks, were all its variants one family", () => {
    const slower = { effect: 0.1, noiseFactor: 1, tables: 150 };
    expect(simulateTables(slower, byVariant).found).toBeGreaterThanOrEqual(0.75);
    expect(simulateTables(slower, asOneFamily).found).toBe(0);
    expect(blocksNeeded(METRICS)).toBe(12);
    expect(blocksNeeded(METRICS * VARIANTS)).toBe(14);
  });
});

describe("a host that disturbs one trial in 100", () => {
  /** Shares of the outcomes of a gate of 5 % at 12 blocks, among `gates` gates of which the others see no change. */
  function simulateGates(effect: number, gates: number, disturbedShare: number): number {
    const host = driftingHost("walk", 11, { disturbedShare });
    let failed = 0;
    for (let i = 0; i < REPETITIONS; i++) {
      const outcomes = judgeTogether(
        Array.from({ length: gates }, (_, gate) =>
          runBlocks(host, gate === 0 ? effect : 0, fixed(12)),
        ),
      );
      const found = effect === 0 ? outcomes.includes("fail") : outcomes[0] === "fail";
      if (found) failed += 1 / REPETITIONS;
    }
    return failed;
  }

  test("hides a true 10 % from one gate in at most 2 runs of 100, and from one of four in at most 3", () => {
    // Wilcoxon's ranks would find 0.89, 0.88 and 0.70.
    expect(simulateGates(0.1, 1, 0.01)).toBeGreaterThanOrEqual(0.98);
    expect(simulateGates(0.1, 4, 0.01)).toBeGreaterThanOrEqual(0.97);
    expect(simulateGates(0.1, 1, 0.03)).toBeGreaterThanOrEqual(0.92);
  });

  test("makes a gate fail without a change in at most one run of 100, of a few gates or many disturbances", () => {
    for (const [gates, share] of [
      [1, 0.01],
      [4, 0.03],
    ] as const) {
      expect(simulateGates(0, gates, share)).toBeLessThanOrEqual(0.01);
    }
  });

  /** The outcomes of gates that are judged together, each with a metric of its own. */
  function judgeTogether(experiments: readonly Experiment[]): string[] {
    const names = [
      "latency.connect.p50",
      "latency.total.p50",
      "latency.first_byte.p50",
      "latency.request.p50",
    ];
    const merge = (side: keyof Experiment): MeasuredTrial[] =>
      Array.from({ length: 12 }, (_, block) => {
        const values = experiments.map((experiment, i) => [
          `client.${names[i]}`,
          experiment[side][block]?.measurements[0]?.value as number,
        ]);
        return measuredTrial(block, Object.fromEntries(values) as Record<string, number>);
      });
    const bound = { kind: "against", baseline: "baseline", worseBy: MARGIN } as const;
    const results = judgeGates({
      gates: experiments.map((_, i) => ({ metric: `client.${names[i]}`, variant: null, bound })),
      variants: [
        { name: "a", trials: merge("baseline") },
        { name: "b", trials: merge("candidate") },
      ],
      baseline: "a",
    });
    return results.map(({ outcome }) => outcome);
  }
});

describe("a gate of 5 % against a run that was made before, of which nothing has changed", () => {
  /** The share of gates that fail at 12 trials a run, the host having made `between` others in between. */
  function failShare(drift: "walk" | "slope", between: number): number {
    let failed = 0;
    for (let i = 0; i < REPETITIONS; i++) {
      const host = driftingHost(drift, 100 + i);
      const run = (): MeasuredTrial[] =>
        Array.from({ length: 12 }, (_, k) =>
          measuredTrial(k, { [METRIC]: 100 * Math.exp(host.measure()) }),
        );
      const before = run();
      for (let k = 0; k < between; k++) host.measure();
      const bound = { kind: "against", baseline: "baseline", worseBy: MARGIN } as const;
      const stored = { name: "a", trials: before, differences: [], isScheduled: true };
      const [result] = judgeGates({
        gates: [{ metric: METRIC, variant: null, bound }],
        variants: [{ name: "a", trials: run() }],
        baseline: "a",
        stored: { variants: [stored] },
      });
      if (result?.outcome === "fail") failed += 1 / REPETITIONS;
    }
    return failed;
  }

  test.each([
    { when: "just before", between: 0, least: 0.03, most: 0.07 },
    { when: "100 trials earlier", between: 100, least: 0.25, most: 0.38 },
  ])("fails by the drift alone when that was $when", ({ between, least, most }) => {
    const share = failShare("walk", between);
    expect(share).toBeGreaterThan(least);
    expect(share).toBeLessThan(most);
  });

  test("fails nearly always on a host that gets slower all the time", () => {
    expect(failShare("slope", 0)).toBeGreaterThan(0.99);
  });
});

test("without blocks the same host makes equal variants look different: the design is what protects", () => {
  const host = driftingHost("slope", 3);
  const oneAfterTheOther = Array.from({ length: 100 }, () => {
    const run = () =>
      Array.from({ length: 12 }, (_, i) =>
        measuredTrial(i, { [METRIC]: 100 * Math.exp(host.measure()) }),
      );
    return judge({ baseline: run(), candidate: run() });
  });
  const wrong = oneAfterTheOther.filter(({ kind }) => kind === "worse").length;
  expect(wrong).toBeGreaterThan(90);
});
