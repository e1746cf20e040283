import {
  type BudgetComparison,
  COMPARISON_GAPS,
  type Comparison,
  type PairedComparison,
} from "../comparison/comparison.ts";
import { doubtTail } from "../comparison/count-tail.ts";
import { doubtBlocks } from "../comparison/doubt-blocks.ts";
import { isWithinMargin, isWorse, orientEffect } from "../comparison/orient-effect.ts";
import {
  decideVerdict,
  doubtSignificance,
  isUnseen,
  type VerdictKind,
  type VerdictOptions,
} from "../decide-verdict.ts";
import { formatPercent } from "../describe-verdict.ts";
import { formatApart, formatNumber } from "../format-number.ts";
import type { GateOutcome } from "./gate-result.ts";

export interface AgainstJudgement {
  readonly outcome: GateOutcome;
  readonly reason: string;
}

/**
 * Holds a comparison against the gate's own margin: it passes when the 90 % interval lies below `worseBy`, and fails when
 * the interval excludes no change, the estimate reaches `worseBy` and p holds for all gates. An improvement passes. Where
 * the baseline has no event there is no ratio, and the budget of events decides, the gate's own if it has one. Where the candidate has none either the
 * gate passes as `max: 0` would, and the reason says how many there may be all the same.
 */
export function judgeAgainst(
  comparison: Comparison,
  worseBy: number,
  options: VerdictOptions,
): AgainstJudgement {
  if (comparison.basis === "none") {
    return { outcome: "invalid", reason: COMPARISON_GAPS[comparison.gap] };
  }
  const doubt = doubtBlocks(comparison) ?? doubtTail(comparison);
  if (doubt !== null) return { outcome: "inconclusive", reason: doubt };
  if (comparison.basis === "budget") return judgeEvents(comparison, worseBy, options);
  return judgePaired(comparison, worseBy, options);
}

const OUTCOME_OF_VERDICT: Readonly<Record<VerdictKind, GateOutcome>> = {
  better: "pass",
  worse: "fail",
  "no-difference": "pass",
  inconclusive: "inconclusive",
  invalid: "invalid",
};

function judgeEvents(
  comparison: BudgetComparison,
  worseBy: number,
  options: VerdictOptions,
): AgainstJudgement {
  const { kind, reason } = decideVerdict(comparison, options);
  return {
    outcome: isUnseen(comparison) ? "pass" : OUTCOME_OF_VERDICT[kind],
    reason: `${reason} (the baseline has none, so the margin is the budget, not ${showShare(worseBy)})`,
  };
}

function judgePaired(
  comparison: PairedComparison,
  worseBy: number,
  options: VerdictOptions,
): AgainstJudgement {
  const oriented = orientEffect(comparison, worseBy);
  if (oriented === null) {
    return { outcome: "invalid", reason: "neither direction of this metric is worse" };
  }
  const relative = showShare(worseBy);
  const isFromZero = comparison.effect === null;
  const limit = isFromZero
    ? `${formatNumber(oriented.margin)} ${comparison.unit}`.trimEnd()
    : relative;
  const margin = isFromZero
    ? ` (the baseline is 0, so the margin is ${limit}, not ${relative})`
    : "";
  const found = `${describeInterval(comparison)}${margin}`;
  if (isWithinMargin(oriented)) {
    return { outcome: "pass", reason: `${found}, surely less than ${limit} worse` };
  }
  if (!isWorse(oriented)) {
    return { outcome: "inconclusive", reason: `${found}, may or may not be ${limit} worse` };
  }
  const doubt = doubtSignificance(comparison.n, options);
  if (doubt !== null) return { outcome: "inconclusive", reason: `${found}, but ${doubt}` };
  return { outcome: "fail", reason: `${found}, worse by ${limit} or more` };
}

/** `10.0 %` */
function showShare(share: number): string {
  return formatPercent(share).slice(1);
}

function describeInterval({ effect, low, high, n, ...comparison }: PairedComparison): string {
  if (effect === null || low === null || high === null) {
    return `${describeMedians(comparison)} in ${n} blocks`;
  }
  const interval = `${formatPercent(low)} to ${formatPercent(high)}`;
  return `${formatPercent(effect)} (90 % interval ${interval}, ${n} blocks)`;
}

function describeMedians({
  baselineMedian: from,
  candidateMedian: to,
}: Pick<PairedComparison, "baselineMedian" | "candidateMedian">): string {
  const [before = "?", after = "?"] = from === null || to === null ? [] : formatApart([from, to]);
  return `${before} → ${after}`;
}
