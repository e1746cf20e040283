import type { MetricClass } from "../metrics.ts";
import type { Role } from "../role.ts";
import type { Interval } from "../statistics/signed-rank-interval.ts";

/** Every doubt a comparison can carry. */
export const COMPARISON_WARNINGS = {
  "few-blocks": "fewer blocks than any interval needs",
  "blocks-left-out": "blocks without a completed trial and a number on both sides are left out",
  "not-interleaved":
    "the two runs were not made in turn: a drift of the host is part of the difference",
  overdispersed: "the events come in bursts, so their number says less than it seems to",
  "no-spread": "every block shows the same difference, so the interval has no width",
  "few-in-tail": "so few observations lie beyond this quantile that it is coarse",
  "few-events": "the counts are so small that their ratio is coarse",
} as const;

export type ComparisonWarningCode = keyof typeof COMPARISON_WARNINGS;

export interface ComparisonWarning {
  readonly code: ComparisonWarningCode;
  readonly message: string;
}

/** Why two variants have no comparison of a metric. */
export const COMPARISON_GAPS = {
  "no-completed-trial": "one side has no completed trial",
  "no-pair": "no block has a completed trial of both sides",
  absent: "the metric was not measured on both sides",
  "never-happened": "the event did not happen on one side",
  "not-finite": "a measurement is not a finite number",
} as const;

export type ComparisonGap = keyof typeof COMPARISON_GAPS;

interface ComparisonHead {
  readonly role: Role;
  readonly metric: string;
  readonly unit: string;
  readonly better: "higher" | "lower" | "neither";
  readonly class: MetricClass;
  /** The smallest relative difference that matters. */
  readonly margin: number;
  /** Blocks that were compared. */
  readonly n: number;
  readonly baselineMedian: number | null;
  readonly candidateMedian: number | null;
  /** Of a latency quantile: observations beyond it in the smallest trial (see `countTail`). */
  readonly tail: number | null;
  /** φ of the counts of each side, where they are counts and not all zero. */
  readonly dispersion: { readonly baseline: number | null; readonly candidate: number | null };
  readonly warnings: readonly ComparisonWarning[];
}

/**
 * How the blocks' differences are measured: `log-ratio` ln(candidate/baseline); `relative`, the difference over the
 * baseline's median, where a value is zero; `absolute`, in the metric's unit, where the baseline's median is zero.
 */
export type DifferenceScale = "log-ratio" | "relative" | "absolute";

/** Judged by the differences within blocks. */
export interface PairedComparison extends ComparisonHead {
  readonly basis: "paired";
  readonly scale: DifferenceScale;
  /** One per block, candidate against baseline; kept so that anybody can recompute the rest. */
  readonly differences: readonly number[];
  /** Hodges-Lehmann estimate of the difference, and its 90 % interval, on `scale`. */
  readonly center: number;
  readonly interval: Interval | null;
  /** Ratio − 1 of candidate to baseline; null on the absolute scale. */
  readonly effect: number | null;
  readonly low: number | null;
  readonly high: number | null;
  /** Exact two-sided sign-flip p of no difference. */
  readonly p: number;
  /** Chance that a trial of the candidate measures higher than one of the baseline. */
  readonly a12: number;
}

/** Judged by events per connection against a budget, as no trial of the baseline has any event. */
export interface BudgetComparison extends ComparisonHead {
  readonly basis: "budget";
  readonly events: number;
  /** What the events are out of. */
  readonly exposure: number;
  readonly budget: number;
  /** 95 % bounds of the events per exposure, each on its side: Poisson's, exact; wider by φ for events in bursts. */
  readonly lowest: number;
  readonly highest: number;
  readonly effect: null;
  readonly low: null;
  readonly high: null;
  /** Of "both sides have events equally often": exact for calm events, by the blocks for those in bursts. */
  readonly p: number;
  readonly a12: number;
}

/** Nothing to judge. */
export interface MissingComparison extends ComparisonHead {
  readonly basis: "none";
  readonly gap: ComparisonGap;
  readonly effect: null;
  readonly low: null;
  readonly high: null;
  readonly p: null;
  readonly a12: null;
}

/** One metric of a baseline against the same of a candidate. No number in it is NaN or infinite. */
export type Comparison = PairedComparison | BudgetComparison | MissingComparison;
