import { expect, test } from "vitest";
import { compareVariants } from "../src/compare-variants.ts";
import { decideVerdicts, type Verdict } from "../src/decide-verdict.ts";
import {
  describeVerdict,
  formatChange,
  formatPercent,
  summariseVerdicts,
} from "../src/describe-verdict.ts";
import { trialsOf } from "./fixtures/measured-trials.ts";

const RATE = "client.connections.rate";
const names = { baseline: "baseline", candidate: "tw_reuse=1" };

function judge(name: string, from: readonly number[], to: readonly number[]) {
  const others = { "client.connections.attempted": 10_000, "client.connections.failed": 0 };
  const [role, ...rest] = name.split(".");
  const metrics = [{ role: role as "client", metric: rest.join(".") }];
  const [comparison] = compareVariants(trialsOf(name, from, others), trialsOf(name, to, others), {
    metrics,
  });
  if (comparison === undefined) throw new Error("nothing was compared");
  const [verdict] = decideVerdicts([comparison]);
  return { comparison, verdict: verdict as Verdict };
}

test("a claimed difference is one sentence with the ratio and its interval", () => {
  const { comparison, verdict } = judge(
    RATE,
    [470, 471, 469, 470, 468, 472, 470, 470],
    [1712, 1715, 1709, 1712, 1700, 1720, 1712, 1711],
  );
  expect(describeVerdict(comparison, verdict, names)).toBe(
    "client.connections.rate: tw_reuse=1 is 3.64 × baseline (90 % interval 3.64 to 3.64, 8 blocks): better.",
  );
  expect(formatChange(comparison, verdict)).toMatch(/^\+264\.\d %$/);
});

test("a ratio is told with the digits of other numbers, however small or large it is", () => {
  const tell = (from: number, to: number): string => {
    const { comparison, verdict } = judge(RATE, Array(8).fill(from), Array(8).fill(to));
    return describeVerdict(comparison, verdict, names);
  };
  expect(tell(3000, 100)).toContain("is 0.033 × baseline (90 % interval 0.033 to 0.033");
  expect(tell(1, 30_000)).toContain("is 30 000 × baseline");
});

test("a difference that cannot be defended prints ~", () => {
  const same = judge(RATE, [100, 101, 99, 100, 100], [100, 101, 99, 100, 100]);
  expect(formatChange(same.comparison, same.verdict)).toBe("~");
  expect(describeVerdict(same.comparison, same.verdict, names)).toBe(
    "client.connections.rate: ~ no difference, the interval lies within the margin (tw_reuse=1 is 1.000 × baseline (90 % interval 1.000 to 1.000, 5 blocks)).",
  );
  const few = judge(RATE, [100, 101, 99], [300, 301, 299]);
  expect(formatChange(few.comparison, few.verdict)).toBe("~");
  expect(describeVerdict(few.comparison, few.verdict, names)).toContain("need ≥ 5 blocks, have 3");
});

test("a change from zero is shown by its medians, and events by their bound", () => {
  const none = [0, 0, 0, 0, 0, 0, 0, 0];
  const gauge = judge("target.time_wait.peak", none, [280, 281, 282, 283, 283, 284, 285, 286]);
  expect(formatChange(gauge.comparison, gauge.verdict)).toBe("0 → 283");
  const events = judge("target.rst.sent", none, [41, 40, 42, 39, 43, 41, 41, 41]);
  expect(formatChange(events.comparison, events.verdict)).toBe("0 → 41");
  expect(describeVerdict(events.comparison, events.verdict, names)).toBe(
    "target.rst.sent: tw_reuse=1 has 328 events where baseline has none, at most 4.5 in 1 000 connections (95 %, 8 blocks): worse.",
  );
});

test("nothing to compare says so", () => {
  const { comparison, verdict } = judge(RATE, [Number.NaN, 1], [1, 1]);
  expect(describeVerdict(comparison, verdict, names)).toBe(
    "client.connections.rate: ~ invalid, a measurement is not a finite number (nothing to compare).",
  );
});

test("verdicts are counted in one closing line", () => {
  const kinds = [
    "better",
    "better",
    "worse",
    "no-difference",
    "inconclusive",
    "inconclusive",
  ] as const;
  const verdicts = kinds.map((kind) => ({ kind, reason: "", adjustedP: null }));
  expect(summariseVerdicts(verdicts, "B")).toBe(
    "B is better on 2, worse on 1, no different on 1, unclear on 2.",
  );
  const invalid = { kind: "invalid", reason: "", adjustedP: null } as const;
  expect(summariseVerdicts([invalid], "B")).toContain("not judged on 1");
});

test.each([
  [2.643, "+264.3 %"],
  [-0.0312, "−3.1 %"],
  [-1, "−100.0 %"],
  [0, "+0.0 %"],
  [0.0006, "+0.1 %"],
  [0.0004, "+0.04 %"],
  [-0.0000712, "−0.007 %"],
  [0.001, "+0.1 %"],
  [-0.9996, "−99.96 %"],
  [-0.99999, "−99.999 %"],
  [0.9996, "+100.0 %"],
  [0.1 + 0.2 - 0.3, "+0.0 %"],
])("%d is %s", (effect, text) => {
  expect(formatPercent(effect)).toBe(text);
});
