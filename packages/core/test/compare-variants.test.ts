import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compareVariants } from "../src/compare-variants.ts";
import type { Comparison } from "../src/comparison/comparison.ts";
import type { MeasuredTrial } from "../src/comparison/read-measurement.ts";
import { measuredTrial, trialsOf } from "./fixtures/measured-trials.ts";

const RATE = "client.connections.rate";
const FAILURES = "client.failures.EADDRNOTAVAIL";
const EXPOSURE = { "client.connections.attempted": 10_000, "client.connections.failed": 0 };
const codes = (comparison: Comparison): string[] => comparison.warnings.map(({ code }) => code);

/** The comparison of one metric; the others are left out. */
function compareOne(
  name: string,
  baseline: readonly MeasuredTrial[],
  candidate: readonly MeasuredTrial[],
): Comparison {
  const found = compareVariants(baseline, candidate).find((c) => `${c.role}.${c.metric}` === name);
  if (found === undefined) throw new Error(`${name} was not compared`);
  return found;
}

describe("a comparison of a ratio", () => {
  test("is exact when every block shows the same ratio, whatever the host's drift", () => {
    const host = [100, 120, 90, 300, 50, 80];
    const comparison = compareOne(
      RATE,
      trialsOf(RATE, host),
      trialsOf(
        RATE,
        host.map((v) => v * 1.5),
      ),
    );
    expect(comparison).toMatchObject({ basis: "paired", scale: "log-ratio", n: 6, p: 2 / 2 ** 6 });
    for (const effect of [comparison.effect, comparison.low, comparison.high]) {
      expect(effect).toBeCloseTo(0.5, 12);
    }
  });

  test("turns with the sides: the ratio is inverted, p is the same, and A12 is mirrored", () => {
    const values = fc.array(fc.double({ min: 0.1, max: 1000, noNaN: true }), {
      minLength: 5,
      maxLength: 12,
    });
    fc.assert(
      fc.property(values, values, (a, b) => {
        const n = Math.min(a.length, b.length);
        const [left, right] = [trialsOf(RATE, a.slice(0, n)), trialsOf(RATE, b.slice(0, n))];
        const there = compareOne(RATE, left, right);
        const back = compareOne(RATE, right, left);
        expect((1 + (there.effect ?? 0)) * (1 + (back.effect ?? 0))).toBeCloseTo(1, 9);
        expect((1 + (there.low ?? 0)) * (1 + (back.high ?? 0))).toBeCloseTo(1, 9);
        expect(there.p).toBe(back.p);
        expect((there.a12 ?? 0) + (back.a12 ?? 0)).toBeCloseTo(1, 12);
      }),
    );
  });

  test("pairs trials by block, not by the order in which they are given", () => {
    const baseline = trialsOf(RATE, [100, 200, 300, 400, 500]);
    const candidate = trialsOf(RATE, [110, 220, 330, 440, 550]).toReversed();
    expect(compareOne(RATE, baseline, candidate).effect).toBeCloseTo(0.1, 12);
  });

  test("uses a trial once, also when a block was repeated on one side", () => {
    const twice = [...trialsOf(RATE, [100, 100]), ...trialsOf(RATE, [100, 100])];
    expect(compareOne(RATE, twice, trialsOf(RATE, [110, 110])).n).toBe(2);
  });

  test("of a run with itself has no effect, no width, and p = 1", () => {
    const trials = trialsOf(RATE, [101, 99, 104, 97, 100]);
    expect(compareOne(RATE, trials, trials)).toMatchObject({
      effect: 0,
      low: 0,
      high: 0,
      p: 1,
      a12: 0.5,
    });
  });

  test("has no interval below five blocks, and says so", () => {
    const comparison = compareOne(RATE, trialsOf(RATE, [1, 2, 3, 4]), trialsOf(RATE, [2, 4, 6, 8]));
    expect(comparison).toMatchObject({ n: 4, low: null, high: null });
    expect(comparison.effect).toBeCloseTo(1, 12);
    expect(codes(comparison)).toContain("few-blocks");
  });
});

describe("a comparison where a value is zero", () => {
  test("takes the difference over the baseline's median: a dead candidate is −100 %", () => {
    const comparison = compareOne(
      RATE,
      trialsOf(RATE, [90, 100, 110, 100, 100]),
      trialsOf(RATE, [0, 0, 0, 0, 0]),
    );
    expect(comparison).toMatchObject({ basis: "paired", scale: "relative", effect: -1 });
  });

  test("has no ratio when the baseline is zero: the difference keeps its unit", () => {
    const gauge = "target.time_wait.peak";
    const comparison = compareOne(
      gauge,
      trialsOf(gauge, [0, 0, 0, 0, 0]),
      trialsOf(gauge, [280, 281, 282, 283, 284]),
    );
    expect(comparison).toMatchObject({
      basis: "paired",
      scale: "absolute",
      center: 282,
      effect: null,
      low: null,
    });
  });
});

describe("a comparison of counts", () => {
  test("is a ratio of events per connection, half an event added", () => {
    const baseline = trialsOf(
      "target.rst.sent",
      [9.5, 9.5, 9.5, 9.5, 9.5].map(Math.floor),
      EXPOSURE,
    );
    const twice = { ...EXPOSURE, "client.connections.attempted": 20_000 };
    const candidate = trialsOf("target.rst.sent", [18, 18, 18, 18, 18], twice);
    expect(compareOne("target.rst.sent", baseline, candidate).effect).toBeCloseTo(
      18.5 / 20_000 / (9.5 / 10_000) - 1,
      12,
    );
  });

  test("goes by budget when no trial of the baseline has an event", () => {
    const baseline = trialsOf(FAILURES, [0, 0, 0, 0, 0], EXPOSURE);
    const candidate = trialsOf(FAILURES, [8, 9, 7, 8, 9], EXPOSURE);
    const comparison = compareOne(FAILURES, baseline, candidate);
    expect(comparison).toMatchObject({
      basis: "budget",
      events: 41,
      exposure: 50_000,
      effect: null,
    });
    // SciPy: chi2.ppf(0.95, 84) / 2 and chi2.ppf(0.05, 82) / 2
    const { highest, lowest } = comparison as Extract<Comparison, { basis: "budget" }>;
    expect(highest * 50_000).toBeCloseTo(53.1976, 2);
    expect(lowest * 50_000).toBeCloseTo(31.0661, 2);
  });

  test("reads an errno that is not among the counted failures as no failure", () => {
    const baseline = Array.from({ length: 5 }, (_, block) => measuredTrial(block, EXPOSURE));
    const candidate = trialsOf(FAILURES, [1, 2, 3, 4, 5], EXPOSURE);
    expect(compareOne(FAILURES, baseline, candidate)).toMatchObject({
      basis: "budget",
      events: 15,
      baselineMedian: 0,
    });
  });

  test("reports events that come in bursts", () => {
    const calm = trialsOf("target.rst.sent", [20, 22, 19, 21, 20], EXPOSURE);
    const bursts = trialsOf("target.rst.sent", [0, 90, 2, 0, 8], EXPOSURE);
    const comparison = compareOne("target.rst.sent", calm, bursts);
    expect(comparison.dispersion.baseline).toBeLessThan(1);
    expect(comparison.dispersion.candidate).toBeGreaterThan(50);
    expect(codes(comparison)).toContain("overdispersed");
  });
});

describe("trials that cannot be compared", () => {
  const good = trialsOf(RATE, [100, 100, 100, 100, 100, 100]);

  test("take their whole block with them, and the comparison says how many", () => {
    const candidate = good.map((trial, i) =>
      i === 2 ? { ...trial, state: "invalid" as const } : trial,
    );
    const comparison = compareOne(RATE, good, candidate);
    expect(comparison.n).toBe(5);
    expect(comparison.warnings).toContainEqual(
      expect.objectContaining({
        code: "blocks-left-out",
        message: expect.stringContaining("1 of 6"),
      }),
    );
  });

  test.each([
    [
      "all of one side are invalid",
      good.map((t) => ({ ...t, state: "invalid" as const })),
      "no-completed-trial",
    ],
    ["no block has both sides", good.map((t) => ({ ...t, block: t.block + 100 })), "no-pair"],
    ["a value is NaN", trialsOf(RATE, [100, Number.NaN, 100, 100, 100, 100]), "not-finite"],
    [
      "a value is infinite",
      trialsOf(RATE, [100, Number.POSITIVE_INFINITY, 1, 1, 1, 1]),
      "not-finite",
    ],
    ["one side did not measure it", good.map((t) => ({ ...t, measurements: [] })), "absent"],
    [
      "a ratio leaves the range of a number",
      trialsOf(RATE, [1e308, 1e308, 1e308, 1e308, 1e308, 1e308]),
      "none",
    ],
  ])("when %s, the gap is %s", (_, candidate, gap) => {
    const tiny = trialsOf(RATE, [1e-308, 1e-308, 1e-308, 1e-308, 1e-308, 1e-308]);
    const comparison = compareOne(RATE, gap === "none" ? tiny : good, candidate);
    expect(comparison).toMatchObject({
      basis: "none",
      gap: gap === "none" ? "not-finite" : gap,
      p: null,
    });
  });

  test("when an event never happened on one side, only the others would be compared: there is no comparison", () => {
    const time = "client.ports.first_exhausted_ms";
    const baseline = trialsOf(time, [5000, 5000, 5000, 5000, 5000], EXPOSURE);
    const candidate = Array.from({ length: 5 }, (_, block) => measuredTrial(block, EXPOSURE));
    expect(compareOne(time, baseline, candidate)).toMatchObject({
      basis: "none",
      gap: "never-happened",
    });
  });
});

test.each([
  ["client.latency.connect.p99", 100, []],
  ["client.latency.connect.p999", 10, ["few-in-tail"]],
  ["client.latency.connect.max", 0, ["few-in-tail"]],
  ["client.latency.total.p99", null, []],
  [RATE, null, []],
] as const)("%s of 10 000 handshakes has %s observations beyond it", (name, tail, warned) => {
  const counted = { "client.connections.established": 10_000 };
  const trials = trialsOf(name, [100, 101, 99, 100, 102], counted);
  const comparison = compareOne(name, trials, trials);
  expect(comparison.tail).toBe(tail);
  expect(codes(comparison)).toEqual(warned);
});

test("two runs are paired by order and warned of, as a drift between them is part of the difference", () => {
  const baseline = trialsOf(RATE, [100, 100, 100, 100, 100]);
  const candidate = trialsOf(RATE, [200, 200, 200, 200, 200]).map((t) => ({
    ...t,
    block: t.block + 7,
  }));
  const [comparison] = compareVariants(baseline, candidate, { design: "runs" });
  expect(comparison?.effect).toBeCloseTo(1, 12);
  expect(codes(comparison as Comparison)).toContain("not-interleaved");
});

test("metrics come by role and in the order of their table, kernel counters by name", () => {
  const names = ["target.tcpext.B", "target.tcpext.A", RATE, "client.connections.failed"];
  const trial = measuredTrial(0, Object.fromEntries(names.map((name) => [name, 1])));
  const order = compareVariants([trial], [trial]).map(({ role, metric }) => `${role}.${metric}`);
  expect(order).toEqual(["client.connections.failed", RATE, "target.tcpext.A", "target.tcpext.B"]);
});

test("no number of a comparison is ever NaN or infinite", () => {
  const metrics = [
    RATE,
    FAILURES,
    "client.latency.connect.p99",
    "target.time_wait.peak",
    "client.cpu.share_max",
  ];
  const anything = fc.array(
    fc.oneof(fc.double(), fc.nat(50), fc.constant(0), fc.constant(Number.NaN)),
    { minLength: 1, maxLength: 8 },
  );
  fc.assert(
    fc.property(fc.constantFrom(...metrics), anything, anything, (name, a, b) => {
      const comparisons = compareVariants(trialsOf(name, a, EXPOSURE), trialsOf(name, b, EXPOSURE));
      const numbers: unknown[] = [];
      JSON.stringify(comparisons, (_, value: unknown) => {
        if (typeof value === "number") numbers.push(value);
        return value;
      });
      expect(numbers.filter((value) => !Number.isFinite(value))).toEqual([]);
    }),
  );
});
