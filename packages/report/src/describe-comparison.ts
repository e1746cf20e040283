import type { Comparison, Verdict } from "@churnlab/core";
import type { ComparisonRow, StoredVerdict } from "@churnlab/store";

/** What a verdict is called wherever it is stored or exported; null: the two sides are not comparable. */
export function storedVerdict(verdict: Verdict | null): StoredVerdict {
  return verdict?.kind ?? "not-comparable";
}

/** One metric's comparison as it is stored and exported, where the candidate is called a variant. */
export function describeComparison(
  comparison: Comparison,
  verdict: Verdict | null,
): Omit<ComparisonRow, "baseline" | "variant"> {
  const { role, metric, n, baselineMedian, candidateMedian, effect, low, high, p } = comparison;
  return {
    role,
    metric,
    n,
    baselineMedian,
    variantMedian: candidateMedian,
    effect,
    low,
    high,
    p,
    verdict: storedVerdict(verdict),
  };
}
