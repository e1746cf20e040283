import type { Comparison } from "./comparison/comparison.ts";
import { describeShare } from "./comparison/describe-events.ts";
import type { Verdict, VerdictKind } from "./decide-verdict.ts";
import { formatCount, formatNumber } from "./format-number.ts";
import { nameMetric } from "./metric-key.ts";

/** What stands in the change column instead of a difference that cannot be defended. */
export const NO_CLAIM = "~";

/** Whether a verdict claims a difference, so that its size may be printed as one. */
export function claimsDifference({ kind }: Verdict): boolean {
  return kind === "better" || kind === "worse";
}

/** The change as people read it: `+264.3 %` when it is claimed, else `~`. */
export function formatChange(comparison: Comparison, verdict: Verdict): string {
  if (!claimsDifference(verdict)) return NO_CLAIM;
  if (comparison.effect !== null) return formatPercent(comparison.effect);
  return `${formatMedian(comparison.baselineMedian)} → ${formatMedian(comparison.candidateMedian)}`;
}

/**
 * One sentence that says what was found, with the ratio and its interval:
 * `client.connections.rate: tw_reuse=1 is 3.64 × baseline (90 % interval 3.58 to 3.71, 12 blocks): better.`
 */
export function describeVerdict(
  comparison: Comparison,
  verdict: Verdict,
  names: { readonly baseline: string; readonly candidate: string },
): string {
  const subject = nameMetric(comparison);
  const found = describeFinding(comparison, names);
  if (claimsDifference(verdict)) return `${subject}: ${found}: ${verdict.kind}.`;
  const kind = verdict.kind.replace("-", " ");
  return `${subject}: ${NO_CLAIM} ${kind}, ${verdict.reason} (${found}).`;
}

function describeFinding(
  comparison: Comparison,
  names: { readonly baseline: string; readonly candidate: string },
): string {
  const { n, effect, low, high } = comparison;
  const blocks = formatCount(n, "block");
  if (comparison.basis === "none") return "nothing to compare";
  if (comparison.basis === "budget") {
    return `${names.candidate} has ${formatCount(comparison.events, "event")} where ${names.baseline} has none, at most ${describeShare(comparison.highest)} connections (95 %, ${blocks})`;
  }
  if (effect === null) {
    const medians = `${formatMedian(comparison.baselineMedian)} to ${formatMedian(comparison.candidateMedian)}`;
    return `from ${names.baseline} to ${names.candidate} the median goes from ${medians} (${blocks})`;
  }
  const ratio = `${names.candidate} is ${formatRatio(1 + effect)} × ${names.baseline}`;
  if (low === null || high === null) return `${ratio} (no interval, ${blocks})`;
  return `${ratio} (90 % interval ${formatRatio(1 + low)} to ${formatRatio(1 + high)}, ${blocks})`;
}

/** `tw_reuse=1 is better on 2, worse on 1, no different on 5, unclear on 2.` */
export function summariseVerdicts(verdicts: readonly Verdict[], candidate: string): string {
  const count = (kind: VerdictKind): number => verdicts.filter((v) => v.kind === kind).length;
  const parts = [
    `better on ${count("better")}`,
    `worse on ${count("worse")}`,
    `no different on ${count("no-difference")}`,
    `unclear on ${count("inconclusive")}`,
  ];
  if (count("invalid") > 0) parts.push(`not judged on ${count("invalid")}`);
  return `${candidate} is ${parts.join(", ")}.`;
}

/** A signed percentage with one decimal, with more of them where it would print as no change or as everything. */
export function formatPercent(effect: number): string {
  const percent = Math.abs(effect) * 100;
  const toAll = effect < 0 ? Math.abs(100 - percent) : Number.POSITIVE_INFINITY;
  const sign = effect < 0 ? "−" : "+";
  return `${sign}${percent.toFixed(decimalsOf(Math.min(percent, toAll)))} %`;
}

/** Below this a percentage is no change but for the arithmetic's last digits. */
const PERCENT_ZERO = 1e-9;

/** As many decimals as the first digit of a percentage needs, and at least one. */
function decimalsOf(percent: number): number {
  if (percent < PERCENT_ZERO || percent >= 0.05) return 1;
  return Math.ceil(-Math.log10(percent) - PERCENT_ZERO);
}

function formatRatio(ratio: number): string {
  if (ratio >= 10 || ratio < 0.1) return formatNumber(ratio);
  return ratio.toFixed(ratio > 0.9 && ratio < 1.1 ? 3 : 2);
}

function formatMedian(value: number | null): string {
  return value === null ? "?" : formatNumber(value);
}
