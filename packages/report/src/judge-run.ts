import {
  compareFingerprints,
  type GateResult,
  judgeGates,
  type MeasuredVariant,
  type StoredBaseline,
} from "@churnlab/core";
import { collectFacts, listVaryingFacts, type StoredRun } from "@churnlab/store";
import type { ResultBaseline } from "./formats/read-result.ts";

/**
 * Judges the gates of a run's scenario. `baseline`: another run, or one that was exported, which `against: baseline`
 * then means in place of the run's own baseline variant.
 */
export function judgeRun(
  run: StoredRun,
  baseline?: StoredRun | ResultBaseline,
): readonly GateResult[] {
  const own = run.variantList.find((variant) => variant.baseline) ?? run.variantList[0];
  return judgeGates({
    gates: run.resolved.gates,
    variants: groupTrials(run),
    baseline: own?.name ?? "",
    ...(baseline === undefined ? {} : { stored: describeBaseline(run, baseline) }),
  });
}

function groupTrials(run: StoredRun): MeasuredVariant[] {
  return run.variantList.map(({ name }) => {
    return { name, trials: run.trialList.filter(({ variant }) => variant === name) };
  });
}

function describeBaseline(run: StoredRun, baseline: StoredRun | ResultBaseline): StoredBaseline {
  const stored = "trialList" in baseline ? toBaseline(baseline) : baseline;
  const facts = collectFacts(run.trialList);
  const varying = listVaryingFacts(run.resolved, Object.keys({ ...facts, ...stored.facts }));
  const { differences } = compareFingerprints(stored.facts, facts, { varying });
  return {
    variants: stored.variants,
    differences: differences.filter(({ excuse }) => excuse === null).map(({ key }) => key),
  };
}

function toBaseline(run: StoredRun): ResultBaseline {
  return { facts: collectFacts(run.trialList), variants: groupTrials(run) };
}
