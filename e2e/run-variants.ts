import { type PlanListener, runPlan } from "@churnlab/control";
import {
  findBrokenIdentities,
  parseScenario,
  planTrials,
  type Role,
  type Testbed,
  type TrialOutcome,
} from "@churnlab/core";
import { NetnsTestbed } from "@churnlab/testbed";
import { afterAll } from "vitest";
import { stateBesideLate } from "./machine-doubts.ts";
import { clock } from "./real-clock.ts";

/** What a variant's one trial came to. */
export interface VariantResult {
  readonly outcome: TrialOutcome;
  /** A measurement; 0 for an errno that did not occur. Throws for a metric that the trial does not have. */
  of(role: Role, metric: string): number;
}

/** One for all trials of a test file, as of a run: its threads have loaded their programs when the second begins. */
let shared: NetnsTestbed | null = null;
afterAll(() => shared?.close());

/**
 * Runs a scenario in real namespaces, or in the testbed that is given and stays open, and returns its trials by variant;
 * throws when an identity is broken or a trial is not completed. `onPhase` is told of each phase before it begins.
 */
export async function runVariants(
  yaml: string,
  given: Testbed | null = null,
  onPhase: PlanListener["onPhase"] = () => {},
): Promise<Readonly<Record<string, VariantResult>>> {
  const scenario = parseScenario(yaml, "test.yaml");
  const plan = planTrials(scenario);
  const results: Record<string, VariantResult> = {};
  const testbed = given ?? (shared ??= new NetnsTestbed());
  await runPlan(
    plan,
    {
      testbedFor: () => testbed,
      clock,
      listener: { onPhase, onSample: () => {}, onOutcome: () => {} },
      save: (trial, outcome) => {
        results[trial.variant] = readResult(outcome);
      },
    },
    new AbortController().signal,
  );
  return results;
}

function readResult(outcome: TrialOutcome): VariantResult {
  const { tally, failures, measurements } = outcome.record;
  const broken = findBrokenIdentities(tally, failures);
  if (broken.length > 0) throw new Error(broken.join("; "));
  const state = stateBesideLate(outcome);
  if (state !== "completed") throw new Error(`the trial is ${state}`);
  return {
    outcome,
    of(role, metric) {
      const found = measurements.find((m) => m.role === role && m.metric === metric);
      if (found !== undefined) return found.value;
      if (metric.startsWith("failures.")) return 0;
      throw new Error(`the trial has no ${role}.${metric}`);
    },
  };
}
