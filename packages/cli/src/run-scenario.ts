import { type EndedTrial, runPlan } from "@churnlab/control";
import { type Plan, planTrials, type Scenario, type TrialOutcome } from "@churnlab/core";
import { hasEnoughBlocks } from "@churnlab/report";
import type { RunState } from "@churnlab/store";
import { concludeRun } from "./conclude-run.ts";
import { EXIT, type ExitCode } from "./exit-codes.ts";
import { monotonicClock } from "./monotonic-clock.ts";
import { readTags } from "./read-tags.ts";
import type { RunSession } from "./run-session.ts";
import { VERSION } from "./version.ts";
import { watchPlan } from "./watch-plan.ts";

/** Plans a scenario, runs its trials, and prints what they say about each other. */
export async function runScenario(
  scenario: Scenario,
  file: string,
  session: RunSession,
): Promise<ExitCode> {
  const { store, signal } = session;
  const plan = planTrials(scenario);
  const runId = store.startRun({
    scenario,
    plan,
    version: VERSION,
    startedAtUnixMs: monotonicClock.unixMs(),
    tags: readTags(),
  });
  const outcomes = await runTrials({ scenario, plan, runId }, session);
  store.finishRun(runId, endStateOf(outcomes, signal.aborted));
  const judged = await concludeRun({ runId, file }, session);
  return exitCodeOf(outcomes, signal.aborted) || judged;
}

interface StartedRun {
  readonly scenario: Scenario;
  readonly plan: Plan;
  readonly runId: string;
}

async function runTrials(
  { scenario, plan, runId }: StartedRun,
  session: RunSession,
): Promise<readonly TrialOutcome[]> {
  using listener = watchPlan({ scenario, plan, runId }, session);
  try {
    return await runPlan(
      plan,
      {
        testbedFor: (trial) => session.testbeds.of(trial.spec.testbed),
        clock: monotonicClock,
        listener,
        save: (trial, outcome) => session.store.saveTrial(runId, trial, outcome),
        ...(scenario.autoReplicates ? { enough: (ended) => isEnough(scenario, ended) } : {}),
      },
      session.signal,
    );
  } catch (error) {
    session.store.finishRun(runId, "failed");
    throw error;
  }
}

/** Looks at what a run with `replicates: auto` has so far. */
function isEnough(scenario: Scenario, ended: readonly EndedTrial[]): boolean {
  return hasEnoughBlocks(
    scenario,
    ended.map(({ trial: { variant, block }, outcome: { state, record } }) => {
      return { variant, block, state, measurements: record.measurements };
    }),
  );
}

function endStateOf(
  outcomes: readonly TrialOutcome[],
  aborted: boolean,
): Exclude<RunState, "running"> {
  if (aborted) return "aborted";
  return outcomes.some(({ state }) => state === "failed") ? "failed" : "completed";
}

function exitCodeOf(outcomes: readonly TrialOutcome[], aborted: boolean): ExitCode {
  if (aborted) return EXIT.interrupted;
  return outcomes.every(({ state }) => state === "completed") ? EXIT.ok : EXIT.broken;
}
