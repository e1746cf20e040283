import { type EndedTrial, type PlanListener, runPlan } from "@churnlab/control";
import { estimateTrialMs, type Plan, planTrials, type Scenario } from "@churnlab/core";
import { hasEnoughBlocks } from "@churnlab/report";
import type { RunState } from "@churnlab/store";
import { concludeRun } from "./conclude-run.ts";
import { EXIT, type ExitCode } from "./exit-codes.ts";
import { feedDashboard } from "./feed-dashboard.ts";
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
  const { store, signal, feed, follower } = session;
  const plan = planTrials(scenario);
  const startedAtUnixMs = monotonicClock.unixMs();
  const runId = store.startRun({
    scenario,
    plan,
    version: VERSION,
    startedAtUnixMs,
    tags: readTags(),
  });
  const expectedMs = plan.trials.reduce((sum, trial) => sum + estimateTrialMs(trial.spec), 0);
  feed?.begin({ runId, scenario, plan, expectedMs, startedAtUnixMs });
  follower.begin(runId);
  const outcomes = await runTrials({ scenario, plan, runId }, session);
  store.finishRun(runId, endStateOf(outcomes, signal.aborted));
  feed?.end(endStateOf(outcomes, signal.aborted));
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
): Promise<readonly EndedTrial[]> {
  using watch = watchPlan({ scenario, plan, runId }, session);
  const listener =
    session.feed === null ? watch : joinListeners(watch, feedDashboard(session.feed));
  try {
    return await runPlan(
      plan,
      {
        testbedFor: (trial) => session.testbeds.of(trial.spec.testbed),
        clock: monotonicClock,
        listener,
        save: (trial, outcome) => {
          session.store.saveTrial(runId, trial, outcome);
          session.follower.addTrial(runId, trial.id);
        },
        ...(scenario.autoReplicates ? { enough: (ended) => isEnough(scenario, ended) } : {}),
      },
      session.signal,
    );
  } catch (error) {
    session.store.finishRun(runId, "failed");
    throw error;
  }
}

function joinListeners(...listeners: readonly PlanListener[]): PlanListener {
  return {
    onPhase: (trial, phase) => listeners.forEach((one) => one.onPhase(trial, phase)),
    onSample: (...seen) => listeners.forEach((one) => one.onSample(...seen)),
    onOutcome: (trial, outcome) => listeners.forEach((one) => one.onOutcome(trial, outcome)),
  };
}

/** Looks at what a run with `replicates: auto` has so far. */
function isEnough(scenario: Scenario, ended: readonly EndedTrial[]): boolean {
  return hasEnoughBlocks(
    scenario,
    ended.map(({ trial: { variant, block }, state, measurements }) => {
      return { variant, block, state, measurements };
    }),
  );
}

function endStateOf(
  outcomes: readonly EndedTrial[],
  aborted: boolean,
): Exclude<RunState, "running"> {
  if (aborted) return "aborted";
  return outcomes.some(({ state }) => state === "failed") ? "failed" : "completed";
}

function exitCodeOf(outcomes: readonly EndedTrial[], aborted: boolean): ExitCode {
  if (aborted) return EXIT.interrupted;
  return outcomes.every(({ state }) => state === "completed") ? EXIT.ok : EXIT.broken;
}
