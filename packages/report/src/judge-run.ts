import {
  compareFingerprints,
  type GateResult,
  judgeGates,
  listModelBounds,
  type MeasuredVariant,
  type StoredBaseline,
  type TrialSpec,
  type VariantModel,
} from "@churnlab/core";
import { collectFacts, type StoredRun } from "@churnlab/store";
import type { BaselineVariant, ResultBaseline } from "./formats/read-result.ts";
import { gradeRun } from "./grade-run.ts";
import { describeScenario } from "./scenario-facts.ts";

/**
 * Judges the gates of a run's scenario. `baseline`: another run, or one that was exported, which `against: baseline`
 * then means in place of the run's own baseline variant. Variants whose environments or scenarios differ are not held
 * against each other, unless all that differs is in `allow` (`kernel`, `scenario.target`).
 */
export function judgeRun(
  run: StoredRun,
  baseline?: StoredRun | ResultBaseline,
  allow: readonly string[] = [],
): readonly GateResult[] {
  const own = run.variantList.find((variant) => variant.baseline) ?? run.variantList[0];
  return judgeGates({
    gates: run.resolved.gates,
    variants: groupTrials(run),
    baseline: own?.name ?? "",
    models: modelVariants(run),
    ...(baseline === undefined ? {} : { stored: describeBaseline(run, baseline, allow) }),
  });
}

function modelVariants(run: StoredRun): Map<string, VariantModel> {
  const specs = new Map(run.variantList.map(({ name, spec }) => [name, spec]));
  return new Map(
    gradeRun(run).map(({ variant, forecast }) => [
      variant,
      listModelBounds(specs.get(variant) as TrialSpec, forecast),
    ]),
  );
}

function groupTrials(run: StoredRun): MeasuredVariant[] {
  return run.variantList.map(({ name }) => {
    return { name, trials: run.trialList.filter(({ variant }) => variant === name) };
  });
}

function describeBaseline(
  run: StoredRun,
  baseline: StoredRun | ResultBaseline,
  allow: readonly string[],
): StoredBaseline {
  const stored = "trialList" in baseline ? toBaseline(baseline) : baseline;
  return {
    variants: stored.variants.map((variant) => {
      const own = describeVariant(run, variant.name);
      const facts = { ...own.facts, ...own.scenario };
      const from = { ...variant.facts, ...variant.scenario };
      // Of one name in both: what variants of one run vary is the same here and there, or it is another question.
      const { differences } = compareFingerprints(from, facts, { allow });
      return {
        name: variant.name,
        trials: variant.trials,
        differences: differences.filter(({ excuse }) => excuse === null).map(({ key }) => key),
        isScheduled: own.scenario["scenario.workload.arrival.model"] === '"open"',
      };
    }),
  };
}

function toBaseline(run: StoredRun): ResultBaseline {
  return { variants: run.variantList.map(({ name }) => describeVariant(run, name)) };
}

function describeVariant(run: StoredRun, name: string): BaselineVariant {
  const trials = run.trialList.filter(({ variant }) => variant === name);
  return { name, trials, facts: collectFacts(trials), scenario: describeScenario(run, name) };
}
