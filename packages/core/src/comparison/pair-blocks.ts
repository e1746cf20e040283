import type { MetricKey } from "../metric-key.ts";
import type { ComparisonGap } from "./comparison.ts";
import { createExposureReader, createReader, type ReadableTrial } from "./read-measurement.ts";

/**
 * `blocks`: both sides ran in turn within each block, so a drift of the host cancels. `runs`: two runs, one after the
 * other; the k-th trials are paired, which keeps the test valid but leaves the drift between the runs in the difference.
 */
export type PairingDesign = "blocks" | "runs";

export interface TrialPair {
  readonly baseline: ReadableTrial;
  readonly candidate: ReadableTrial;
}

/** The completed trials of both sides that belong together; every trial is in at most one pair. */
export function pairTrials(
  baseline: readonly ReadableTrial[],
  candidate: readonly ReadableTrial[],
  design: PairingDesign,
): TrialPair[] {
  const partners = new Map(
    candidate.map((trial, i) => [design === "runs" ? i : trial.block, trial]),
  );
  return baseline.flatMap((trial, i) => {
    const key = design === "runs" ? i : trial.block;
    const partner = partners.get(key);
    partners.delete(key);
    return partner === undefined ? [] : [{ baseline: trial, candidate: partner }];
  });
}

/** One metric on both sides of a block. An exposure is null for a metric that is not a count out of something. */
export interface ValuePair {
  readonly baseline: number;
  readonly candidate: number;
  readonly baselineExposure: number | null;
  readonly candidateExposure: number | null;
}

/** The metric's numbers of every pair that has both, or the reason why there is nothing to compare. */
export function readPairs(
  pairs: readonly TrialPair[],
  key: MetricKey,
): { readonly values: readonly ValuePair[]; readonly gap: ComparisonGap | null } {
  const read = createReader(key);
  const readExposure = createExposureReader(key.metric);
  const values: ValuePair[] = [];
  let never = false;
  for (const { baseline, candidate } of pairs) {
    const [from, to] = [read(baseline), read(candidate)];
    if (from.kind === "never" || to.kind === "never") never = true;
    if (from.kind !== "value" || to.kind !== "value") continue;
    values.push({
      baseline: from.value,
      candidate: to.value,
      baselineExposure: readExposure(baseline),
      candidateExposure: readExposure(candidate),
    });
  }
  // Leaving out the trials in which it never happened would compare the unlucky ones only.
  if (never) return { values: [], gap: "never-happened" };
  if (pairs.length === 0) return { values, gap: "no-pair" };
  if (values.length === 0) return { values, gap: "absent" };
  const finite = values.every(
    (pair) => Number.isFinite(pair.baseline) && Number.isFinite(pair.candidate),
  );
  return finite ? { values, gap: null } : { values: [], gap: "not-finite" };
}
