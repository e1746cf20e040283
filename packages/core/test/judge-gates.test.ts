import { describe, expect, test } from "vitest";
import { compareVariants } from "../src/compare-variants.ts";
import { decideVerdicts } from "../src/decide-verdict.ts";
import {
  type GateInput,
  isSpeedIndependent,
  type MeasuredVariant,
  type StoredBaseline,
  type StoredVariant,
} from "../src/gates/prepare-gate.ts";
import { judgeGates } from "../src/judge-gates.ts";
import type { Gate } from "../src/scenario.ts";
import { measuredTrial, trialsOf } from "./fixtures/measured-trials.ts";

const P99 = "client.latency.connect.p99";
const RATE = "client.connections.rate";
const FAILURES = "client.failures.EADDRNOTAVAIL";
const COUNTED = { "client.connections.attempted": 10_000, "client.connections.failed": 0 };

const steady = (value: number, blocks = 12): number[] =>
  Array.from({ length: blocks }, (_, i) => value * (1 + ((i % 3) - 1) * 0.002));

const bound = (kind: "max" | "min" | "equals", value: number): Gate["bound"] => ({ kind, value });
const against = (worseBy: number, baseline = "baseline"): Gate["bound"] => ({
  kind: "against",
  baseline,
  worseBy,
});
const gate = (metric: string, kind: Gate["bound"], variant: string | null = "b"): Gate => ({
  metric,
  variant,
  bound: kind,
});

function judgeOne(input: Omit<GateInput, "baseline" | "gates"> & { readonly gate: Gate }) {
  const results = judgeGates({ gates: [input.gate], baseline: "a", ...input });
  expect(results).toHaveLength(1);
  return results[0];
}

describe("a fixed bound", () => {
  const judgeValues = (kind: Gate["bound"], values: readonly number[]) =>
    judgeOne({ gate: gate(RATE, kind), variants: [{ name: "b", trials: trialsOf(RATE, values) }] });

  test.each([
    ["max", 100, [98, 99, 100], "pass"],
    ["max", 100, [98, 101, 99], "fail"],
    ["min", 100, [100, 105, 110], "pass"],
    ["min", 100, [120, 99, 110], "fail"],
    ["equals", 100, [100, 100, 100], "pass"],
    ["equals", 100, [100, 100, 99], "fail"],
  ] as const)("%s %d of %j: every replicate counts: %s", (...[kind, value, values, outcome]) => {
    expect(judgeValues(bound(kind, value), values)?.outcome).toBe(outcome);
  });

  test("reports the worst trial and how many break it", () => {
    const result = judgeValues(bound("max", 10), [9, 30, 20, 8]);
    expect(result?.evidence).toEqual({
      kind: "bound",
      worst: 30,
      worstBlock: 1,
      trials: 4,
      violations: 2,
    });
    expect(result?.reason).toBe("30, must be at most 10 (2 of 4 trials break it)");
    expect(judgeValues(bound("min", 5), [9, 6, 7])?.reason).toBe("6, at least 5 in all 3 trials");
  });

  test.each([
    [bound("max", 0.1 + 0.2), [28_232], "28 232, must be at most 0.300 (1 trial)"],
    [bound("max", 30_000), [28_232.4], "28 232, at most 30 000 (1 trial)"],
    [bound("max", 100), [100.4], "100.4, must be at most 100 (1 trial)"],
    [bound("min", 0.3), [0.2999], "0.2999, must be at least 0.3 (1 trial)"],
  ])("%j of %j is told as numbers are told, and never as if it kept its bound", (...given) => {
    const [kept, values, reason] = given;
    expect(judgeValues(kept, values)?.reason).toBe(reason);
  });

  test("one replicate is enough", () => {
    expect(judgeValues(bound("max", 10), [9])?.outcome).toBe("pass");
  });

  test("judges completed trials only, and is invalid without any", () => {
    const trials = [measuredTrial(0, { [RATE]: 5 }), measuredTrial(1, { [RATE]: 999 }, "invalid")];
    const max = gate(RATE, bound("max", 10));
    expect(judgeOne({ gate: max, variants: [{ name: "b", trials }] })?.outcome).toBe("pass");
    const broken = trials.map((trial) => ({ ...trial, state: "failed" as const }));
    expect(judgeOne({ gate: max, variants: [{ name: "b", trials: broken }] })?.outcome).toBe(
      "invalid",
    );
  });

  test("reads an errno that was not counted as zero, as failed connections were", () => {
    const trials = [measuredTrial(0, COUNTED), measuredTrial(1, { ...COUNTED, [FAILURES]: 0 })];
    expect(
      judgeOne({ gate: gate(FAILURES, bound("max", 0)), variants: [{ name: "b", trials }] })
        ?.outcome,
    ).toBe("pass");
  });

  test("is invalid when a trial lacks the metric or has NaN, unless another breaks it", () => {
    const partly = [
      measuredTrial(0, { [RATE]: 5 }),
      measuredTrial(1, {}),
      measuredTrial(2, { [RATE]: Number.NaN }),
    ];
    const judged = (value: number) =>
      judgeOne({
        gate: gate(RATE, bound("max", value)),
        variants: [{ name: "b", trials: partly }],
      });
    expect(judged(10)).toMatchObject({
      outcome: "invalid",
      reason: "2 of 3 completed trials did not measure it",
    });
    expect(judged(4)?.outcome).toBe("fail");
  });

  test("takes ports that were never exhausted as exhausted later than any time", () => {
    const first = "client.ports.first_exhausted_ms";
    const variants = [{ name: "b", trials: [measuredTrial(0, COUNTED)] }];
    expect(judgeOne({ gate: gate(first, bound("min", 60_000)), variants })).toMatchObject({
      outcome: "pass",
      evidence: { worst: "never" },
    });
    expect(judgeOne({ gate: gate(first, bound("max", 60_000)), variants })?.outcome).toBe("fail");
  });

  test("without a variant binds every one, each with its own result", () => {
    const variants = ["a", "b", "c"].map((name, i) => ({ name, trials: trialsOf(RATE, [i * 10]) }));
    const results = judgeGates({
      gates: [gate(RATE, bound("max", 15), null)],
      variants,
      baseline: "a",
    });
    expect(results.map(({ variant, outcome }) => [variant, outcome])).toEqual([
      ["a", "pass"],
      ["b", "pass"],
      ["c", "fail"],
    ]);
  });
});

interface Slower {
  readonly metric: string;
  readonly factor: number;
  readonly worseBy: number;
  readonly blocks?: number;
}

describe("a gate against the baseline", () => {
  const judgeFactor = ({ metric, factor, worseBy, blocks = 12 }: Slower) =>
    judgeOne({
      gate: gate(metric, against(worseBy)),
      variants: [
        { name: "a", trials: trialsOf(metric, steady(1000, blocks)) },
        { name: "b", trials: trialsOf(metric, steady(1000 * factor, blocks)) },
      ],
    });

  test.each([
    [P99, 1.2, 0.1, "fail"],
    [P99, 1.05, 0.1, "pass"],
    [P99, 0.5, 0.1, "pass"],
    [RATE, 0.8, 0.1, "fail"],
    [RATE, 0.95, 0.1, "pass"],
    [RATE, 2, 0.1, "pass"],
    [RATE, 0.6, 0.5, "pass"],
    [RATE, 0.4, 0.5, "fail"],
  ] as const)(
    "%s at %d × the baseline with worseBy %d: %s",
    (...[metric, factor, worseBy, outcome]) => {
      expect(judgeFactor({ metric, factor, worseBy })?.outcome).toBe(outcome);
    },
  );

  test("is inconclusive with fewer than five blocks, however large the change", () => {
    expect(judgeFactor({ metric: P99, factor: 9, worseBy: 0.1, blocks: 3 })).toMatchObject({
      outcome: "inconclusive",
      reason: "need ≥ 5 blocks, have 3",
    });
  });

  test("names the doubt of few blocks before that of a thin tail, as a verdict does", () => {
    const thin = { "client.connections.established": 100 };
    const [a, b] = [100, 200].map((value) => trialsOf(P99, steady(value, 3), thin));
    const [baseline, candidate] = [a ?? [], b ?? []];
    const variants = [
      { name: "a", trials: baseline },
      { name: "b", trials: candidate },
    ];
    const [verdict] = decideVerdicts(
      compareVariants(baseline, candidate, {
        metrics: [{ role: "client", metric: "latency.connect.p99" }],
      }),
    );
    const words = "need ≥ 5 blocks, have 3";
    expect(verdict?.reason).toBe(words);
    expect(judgeOne({ gate: gate(P99, against(0.1)), variants })?.reason).toBe(words);
  });

  test("is inconclusive where the trials are too noisy to tell", () => {
    const noisy = [70, 140, 95, 120, 60, 150, 88, 101];
    const variants = [
      { name: "a", trials: trialsOf(P99, noisy) },
      { name: "b", trials: trialsOf(P99, noisy.toReversed()) },
    ];
    expect(judgeOne({ gate: gate(P99, against(0.1)), variants })?.outcome).toBe("inconclusive");
  });

  test("is inconclusive where a change is sure but may or may not reach the bound", () => {
    const changed = [1.02, 1.03, 1.05, 1.06, 1.07, 1.07, 1.08, 1.09, 1.12, 1.14, 1.16, 1.18];
    const variants = [
      { name: "a", trials: trialsOf(P99, steady(100)) },
      {
        name: "b",
        trials: trialsOf(
          P99,
          steady(100).map((v, i) => v * (changed[i] ?? 1)),
        ),
      },
    ];
    expect(judgeOne({ gate: gate(P99, against(0.1)), variants })).toMatchObject({
      outcome: "inconclusive",
      reason: expect.stringContaining("may or may not be 10.0 % worse"),
    });
  });

  test("passes a gain, however unsure its size", () => {
    const variants = [
      { name: "a", trials: trialsOf(P99, steady(100, 8)) },
      { name: "b", trials: trialsOf(P99, [99, 98, 90, 80, 75, 60, 40, 20]) },
    ];
    expect(judgeOne({ gate: gate(P99, against(0.05)), variants })?.outcome).toBe("pass");
  });

  test("does not judge a quantile beyond which a trial has hardly any observation", () => {
    const counted = { "client.connections.established": 500 };
    const variants = [
      { name: "a", trials: trialsOf(P99, steady(100), counted) },
      { name: "b", trials: trialsOf(P99, steady(300), counted) },
    ];
    expect(judgeOne({ gate: gate(P99, against(0.1)), variants })).toMatchObject({
      outcome: "inconclusive",
      reason: expect.stringContaining("only 5 observations"),
    });
  });

  test("carries the comparison and the p that holds for all gates together", () => {
    const variants = [
      { name: "a", trials: trialsOf(P99, steady(100, 8), { [RATE]: 100 }) },
      { name: "b", trials: trialsOf(P99, steady(200, 8), { [RATE]: 50 }) },
    ];
    const one = judgeGates({ gates: [gate(P99, against(0.1))], variants, baseline: "a" });
    expect(one[0]).toMatchObject({
      outcome: "fail",
      evidence: { kind: "comparison", adjustedP: 2 / 256 },
    });
    const gates = [gate(P99, against(0.1)), gate(RATE, against(0.1))];
    const two = judgeGates({ gates, variants, baseline: "a" });
    expect(two.map(({ outcome }) => outcome)).toEqual(["inconclusive", "inconclusive"]);
    expect(two[0]?.reason).toContain("need ≥ 9 blocks");
  });

  test("without a variant judges every one but the baseline; of the baseline itself it is invalid", () => {
    const variants = ["a", "b", "c"].map((name) => ({ name, trials: trialsOf(P99, steady(100)) }));
    const all = judgeGates({ gates: [gate(P99, against(0.1), null)], variants, baseline: "a" });
    expect(all.map(({ variant }) => variant)).toEqual(["b", "c"]);
    expect(judgeOne({ gate: gate(P99, against(0.1), "a"), variants })?.outcome).toBe("invalid");
    const named = judgeGates({
      gates: [gate(P99, against(0.1, "b"), "c")],
      variants,
      baseline: "a",
    });
    expect(named[0]?.evidence).toMatchObject({ baseline: "b" });
  });

  test("where the baseline has no event, none passes and many fail", () => {
    const judgeEvents = (count: number) =>
      judgeOne({
        gate: gate(FAILURES, against(0.1)),
        variants: [
          { name: "a", trials: trialsOf(FAILURES, steady(0), COUNTED) },
          {
            name: "b",
            trials: trialsOf(
              FAILURES,
              steady(1).map(() => count),
              COUNTED,
            ),
          },
        ],
      });
    expect(judgeEvents(0)).toMatchObject({
      outcome: "pass",
      reason: expect.stringContaining("no event in 120 000 connections, at most 2.5 in 100 000"),
    });
    expect(judgeEvents(50)?.outcome).toBe("fail");
  });

  test("where the baseline has no event, the gate's own budget decides, and the reason says which margin was used", () => {
    const judgeBudget = (budget?: number) =>
      judgeOne({
        gate: gate(FAILURES, { ...against(0.1), ...(budget === undefined ? {} : { budget }) }),
        variants: [
          { name: "a", trials: trialsOf(FAILURES, steady(0), COUNTED) },
          { name: "b", trials: trialsOf(FAILURES, steady(0).fill(50), COUNTED) },
        ],
      });
    expect(judgeBudget()).toMatchObject({ outcome: "fail" });
    expect(judgeBudget()?.reason).toMatch(
      /more than the budget of 1 in 100 000 \(the baseline has none, so the margin is the budget, not 10\.0 %\)$/,
    );
    expect(judgeBudget(0.01)).toMatchObject({ outcome: "pass" });
    expect(judgeBudget(0.01)?.reason).toContain("within the budget of 1 in 100 ");
  });

  test("where the baseline of a gauge is zero, the reason names the margin in its unit", () => {
    const gauge = "target.accept_queue.peak";
    const judgeGauge = (value: number) =>
      judgeOne({
        gate: gate(gauge, against(0.1)),
        variants: [
          { name: "a", trials: trialsOf(gauge, steady(0)) },
          { name: "b", trials: trialsOf(gauge, steady(value)) },
        ],
      });
    for (const [value, outcome] of [
      [0, "pass"],
      [4096, "fail"],
    ] as const) {
      expect(judgeGauge(value)?.outcome).toBe(outcome);
      expect(judgeGauge(value)?.reason).toMatch(
        /the baseline is 0, so the margin is 1.*, not 10\.0 %/,
      );
    }
  });

  test("where the baseline is zero, numbers are shown as everywhere, without the digits of arithmetic", () => {
    const gauge = "target.accept_queue.peak";
    const values = steady(0).map(() => 0.1 + 0.2);
    const variants = [
      { name: "a", trials: trialsOf(gauge, steady(0)) },
      { name: "b", trials: trialsOf(gauge, values) },
    ];
    const reason = judgeOne({ gate: gate(gauge, against(0.1)), variants })?.reason;
    expect(reason).toMatch(/^0 → 0\.300 in 12 blocks /);
  });

  test("of a metric without a worse direction is invalid, and says what to use", () => {
    const variants = ["a", "b"].map((name) => ({
      name,
      trials: trialsOf("client.tcpext.TW", steady(5)),
    }));
    const result = judgeOne({ gate: gate("client.tcpext.TW", against(0.1)), variants });
    expect(result).toMatchObject({
      outcome: "invalid",
      reason: expect.stringContaining("use max, min or equals"),
    });
  });
});

describe("a stored baseline", () => {
  const run = (factor: number) => [
    { name: "a", trials: trialsOf(P99, steady(100 * factor), { ...COUNTED, [FAILURES]: 0 }) },
    { name: "b", trials: trialsOf(P99, steady(200 * factor), { ...COUNTED, [FAILURES]: 0 }) },
  ];
  const gates = [gate(P99, against(0.1), null)];
  const storedOf = (
    variants: readonly MeasuredVariant[],
    of: Partial<StoredVariant> = {},
  ): StoredBaseline => ({
    variants: variants.map((one) => ({ ...one, differences: [], isScheduled: true, ...of })),
  });

  test("is matched by the name of the variant, the baseline variant included", () => {
    const stored = storedOf(run(1));
    const same = judgeGates({ gates, variants: run(1), baseline: "a", stored });
    expect(same.map(({ variant, outcome }) => [variant, outcome])).toEqual([
      ["a", "pass"],
      ["b", "pass"],
    ]);
    const slower = judgeGates({ gates, variants: run(1.5), baseline: "a", stored });
    expect(slower.map(({ outcome }) => outcome)).toEqual(["fail", "fail"]);
  });

  test("says in every reason that the runs were not made in turn, whatever the outcome", () => {
    const words =
      /; the two runs were not made in turn: a drift of the host is part of the difference$/;
    const all = [
      ...judgeGates({ gates, variants: run(1), baseline: "a", stored: storedOf(run(1)) }),
      ...judgeGates({ gates, variants: run(1.5), baseline: "a", stored: storedOf(run(1)) }),
    ];
    expect(all).toHaveLength(4);
    for (const { reason } of all) expect(reason).toMatch(words);
    const [inTurn] = judgeGates({ gates, variants: run(1), baseline: "a" });
    expect(inTurn?.reason).not.toMatch(/in turn/);
  });

  test("from another environment is refused, unless the port model decides the metric", () => {
    const stored = storedOf(run(1), { differences: ["cpu.model", "kernel.release"] });
    const refused = judgeGates({ gates, variants: run(1), baseline: "a", stored });
    expect(refused.map(({ outcome }) => outcome)).toEqual(["invalid", "invalid"]);
    expect(refused[0]?.reason).toContain("kernel.release");
    expect(judgeFailures({ differences: ["cpu.model", "kernel.release"] })).toBe("pass");
  });

  const judgeFailures = (of: Partial<StoredVariant>, metric = FAILURES) =>
    judgeOne({
      gate: gate(metric, against(0.1)),
      variants: run(1),
      stored: storedOf(run(1), of),
    })?.outcome;

  test.each([
    "client.failures.ETIMEDOUT",
    "client.failures.ECONNRESET",
    "target.tcpext.ListenOverflows",
    "client.tcp.RetransSegs",
    "client.arrivals.dropped",
  ])("from a machine of another speed is refused for %s", (metric) => {
    expect(isSpeedIndependent(metric.slice(metric.indexOf(".") + 1))).toBe(false);
    expect(judgeFailures({ differences: ["cpu.model"] }, metric)).toBe("invalid");
  });

  test("from another machine is refused for a count of ports where the machine sets the pace", () => {
    expect(judgeFailures({ differences: ["cpu.model"], isScheduled: false })).toBe("invalid");
    expect(judgeFailures({ differences: [], isScheduled: false })).toBe("pass");
  });

  test.each(["client.net.ipv4.ip_local_port_range", "scenario.workload.arrival.ratePerS"])(
    "that differs in %s is refused for every metric",
    (fact) => {
      expect(judgeFailures({ differences: [fact] })).toBe("invalid");
    },
  );

  test("without the variant, or without the metric, is invalid", () => {
    const without = storedOf(run(1).slice(0, 1));
    const [, b] = judgeGates({ gates, variants: run(1), baseline: "a", stored: without });
    expect(b).toMatchObject({ outcome: "invalid", reason: "the baseline run has no variant b" });
    const empty = run(1).map(({ name, trials }) => ({
      name,
      trials: trials.map((t) => ({ ...t, measurements: [] })),
    }));
    const [a] = judgeGates({
      gates,
      variants: run(1),
      baseline: "a",
      stored: storedOf(empty),
    });
    expect(a).toMatchObject({
      outcome: "invalid",
      reason: expect.stringContaining("not measured"),
    });
  });
});

describe("a gate that names nothing", () => {
  const variants = [{ name: "b", trials: trialsOf("target.tcpext.ListenOverflows", [0]) }];
  const reasonOf = (metric: string, variant = "b") =>
    judgeOne({ gate: gate(metric, bound("max", 0), variant), variants })?.reason;

  test.each([
    ["client.latency.conect.p99", "client.latency.connect.p99"],
    ["client.conections.rate", "client.connections.rate"],
    ["target.tcpex.ListenOverflow", "target.tcpext.ListenOverflows"],
    ["time_wait.peak", "time_wait.peak"],
  ])("%s is invalid, with the nearest name", (metric, nearest) => {
    expect(reasonOf(metric)).toContain(nearest);
  });

  test("says which roles have the metric, and which variant is missing", () => {
    expect(reasonOf("target.connections.rate")).toContain("of the client only");
    expect(reasonOf(RATE, "nobody")).toBe("the run has no such variant");
  });
});

test("no gates, no results", () => {
  expect(judgeGates({ gates: [], variants: [], baseline: "a" })).toEqual([]);
});

describe("a gate against the port model", () => {
  const FIRST = "client.ports.first_exhausted_ms";
  const models = new Map([
    [
      "b",
      {
        reason: null,
        bounds: [
          { role: "client", metric: "connections.rate", predicted: { low: 95, high: 100 } },
          { role: "client", metric: "ports.first_exhausted_ms", predicted: "never" },
        ] as const,
      },
    ],
    ["silent", { reason: "the target misbehaves", bounds: [] }],
  ]);
  const model = (within = 0.03): Gate["bound"] => ({ kind: "model", within });
  const judgeRates = (values: readonly number[], name = "b") =>
    judgeOne({
      gate: gate(RATE, model(), name),
      variants: [{ name, trials: trialsOf(RATE, values) }],
      models,
    });

  test.each([
    [[95], "pass", "95, predicted 95 to 100 (within 3 % in 1 trial)"],
    [[103, 97], "pass", "103, predicted 95 to 100 (within 3 % in 2 trials)"],
    [[98, 104, 92], "fail", "104, predicted 95 to 100 (outside 3 % in 2 of 3 trials)"],
    [[28_232], "fail", "28 232, predicted 95 to 100 (outside 3 % in 1 of 1 trial)"],
    [[100.4], "pass", "100.4, predicted 95 to 100 (within 3 % in 1 trial)"],
  ] as const)("%j: %s, by the trial that is furthest off", (values, outcome, reason) => {
    expect(judgeRates(values)).toMatchObject({ outcome, reason, evidence: { kind: "model" } });
  });

  test("is invalid where the model is silent or the trials are", () => {
    expect(judgeRates([100], "silent")).toMatchObject({
      outcome: "invalid",
      reason: "the port model does not predict it of this variant: the target misbehaves",
      evidence: { kind: "none", cause: "not-predicted" },
    });
    const peak = "client.time_wait.peak";
    const variants = [{ name: "b", trials: [measuredTrial(0, { [peak]: 1 })] }];
    expect(judgeOne({ gate: gate(peak, model()), variants, models })).toMatchObject({
      evidence: { cause: "not-predicted" },
    });
    expect(judgeOne({ gate: gate(RATE, model()), variants, models })).toMatchObject({
      outcome: "invalid",
      evidence: { kind: "none", cause: "not-measured" },
    });
  });

  test("of what must never happen fails when it happens once", () => {
    const judgeFirst = (measured: Record<string, number>) =>
      judgeOne({
        gate: gate(FIRST, model()),
        variants: [{ name: "b", trials: [measuredTrial(0, { ...COUNTED, ...measured })] }],
        models,
      });
    expect(judgeFirst({})?.outcome).toBe("pass");
    expect(judgeFirst({ [FIRST]: 300, "client.connections.failed": 5 })).toMatchObject({
      outcome: "fail",
      evidence: { worst: 300, predicted: "never" },
    });
  });
});
