import { runPlan } from "@churnlab/control";
import { type Plan, planTrials, type Scenario, type TrialOutcome } from "@churnlab/core";
import { compareRun, formatComparison, formatComparisonJson } from "@churnlab/report";
import type { RunState, Store } from "@churnlab/store";
import { EXIT, type ExitCode } from "./exit-codes.ts";
import { watchPlan } from "./watch-plan.ts";
import { monotonicClock } from "./monotonic-clock.ts";
import type { Testbeds } from "./open-testbeds.ts";
import type { Terminal } from "./terminal.ts";
import { VERSION } from "./version.ts";

export interface RunSession {
  readonly store: Store;
  readonly testbeds: Testbeds;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  readonly json: boolean;
  readonly quiet: boolean;
}

/** Plans a scenario, runs its trials, and prints what they say about each other. */
export async function runScenario(scenario: Scenario, session: RunSession): Promise<ExitCode> {
  const { store, terminal, signal } = session;
  const plan = planTrials(scenario);
  const runId = store.startRun({
    scenario,
    plan,
    version: VERSION,
    startedAtUnixMs: monotonicClock.unixMs(),
  });
  const outcomes = await runTrials({ scenario, plan, runId }, session);
  store.finishRun(runId, endStateOf(outcomes, signal.aborted));
  const comparison = compareRun(store, runId);
  store.saveComparisons(runId, comparison.rows);
  terminal.print(session.json ? formatComparisonJson(comparison) : formatComparison(comparison));
  if (!session.quiet)
    terminal.say(`\nNext    churnlab show ${runId}  ·  churnlab compare ${runId}`);
  return exitCodeOf(outcomes, signal.aborted);
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
      },
      session.signal,
    );
  } catch (error) {
    session.store.finishRun(runId, "failed");
    throw error;
  }
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
