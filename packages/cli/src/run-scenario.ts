import {
  type EndedTrial,
  isUnserved,
  type PlanListener,
  type PlanProgress,
  readProgress,
  runPlan,
} from "@churnlab/control";
import {
  ChurnError,
  estimateTrialMs,
  type Plan,
  planTrials,
  quoteWord,
  type Scenario,
  type Trial,
  warnGatewayPorts,
  wrapText,
} from "@churnlab/core";
import { readTickRateHz } from "@churnlab/linux";
import { hasEnoughBlocks } from "@churnlab/report";
import type { RunState } from "@churnlab/store";
import { concludeRun } from "./conclude-run.ts";
import { displayPlan } from "./display-plan.ts";
import { exitCodeOfTrials } from "./doubt-run.ts";
import { EXIT, type ExitCode } from "./exit-codes.ts";
import { feedDashboard } from "./feed-dashboard.ts";
import { monotonicClock } from "./monotonic-clock.ts";
import { readTags } from "./read-tags.ts";
import type { RunSession } from "./run-session.ts";
import { referTo } from "./suggest-next.ts";
import { VERSION } from "./version.ts";

/** A scenario to run, and where it comes from. */
export interface ScenarioJob {
  readonly scenario: Scenario;
  /** Its file, which annotations point at; empty for that of a run that is resumed. */
  readonly file: string;
  /** The run that goes on; null: a new one. */
  readonly resumes: string | null;
}

/**
 * Plans a scenario, runs its trials, and prints what they say about each other. Rejects with the error of a fleet that can serve it
 * no more, once what there is was printed and reported all the same.
 */
export async function runScenario(job: ScenarioJob, session: RunSession): Promise<ExitCode> {
  const { store, signal, feed, follower, terminal } = session;
  const { scenario, file } = job;
  const plan = planTrials(scenario);
  if (!session.quiet) {
    for (const text of warnGatewayPorts(scenario.variants, { hz: readTickRateHz() })) {
      terminal.say(wrapText(text, "! ").join("\n"));
    }
  }
  const startedAtUnixMs = monotonicClock.unixMs();
  const { runId, progress } =
    job.resumes === null
      ? { runId: startRun({ scenario, plan, startedAtUnixMs }, session), progress: NO_PROGRESS }
      : { runId: job.resumes, progress: resumeRun(job.resumes, plan, session) };
  const left = listTrialsLeft(plan, progress);
  if (job.resumes !== null && !session.quiet) {
    const done = `${plan.trials.length - left.length} of ${plan.trials.length}`;
    terminal.say(`run ${runId} goes on: ${done} trials are there already`);
  }
  const expectedMs = left.reduce((sum, trial) => sum + estimateTrialMs(trial.spec), 0);
  feed.begin({ runId, scenario, plan, expectedMs, startedAtUnixMs });
  follower.begin(runId);
  for (const ended of progress.ended) {
    follower.addTrial(runId, ended.trial.id);
    feed.addResult(ended);
  }
  const { outcomes, unserved } = await runTrials(
    { scenario, plan, runId, progress, expectedMs },
    session,
  );
  const state = unserved === null ? endStateOf(outcomes, signal.aborted) : "failed";
  store.finishRun(runId, state);
  feed.end(state);
  const judged = await concludeRun({ runId, file }, session);
  if (unserved !== null) throw sayHowToResume(unserved, runId, session);
  return exitCodeOf(outcomes, signal.aborted) || judged;
}

/** The run goes on by a command that can be pasted: later runs may be in the database then. */
function sayHowToResume(
  { code, message, hint }: ChurnError,
  runId: string,
  { store, placeFlags }: Pick<RunSession, "store" | "placeFlags">,
): ChurnError {
  const words = ["--resume", referTo(runId, store.path), ...placeFlags.map(quoteWord)];
  const resume = `What is done is kept. Once this is mended, go on: churnlab run ${words.join(" ")}`;
  return new ChurnError(code, message, { hint: hint === undefined ? resume : `${hint} ${resume}` });
}

const NO_PROGRESS: PlanProgress = { ended: [], attempts: new Map() };

function startRun(
  start: {
    readonly scenario: Scenario;
    readonly plan: Plan;
    readonly startedAtUnixMs: number;
  },
  { store }: RunSession,
): string {
  return store.startRun({ ...start, version: VERSION, tags: readTags() });
}

/** Takes the run over, and reads how far it has come. Throws `E_RESUME`. */
function resumeRun(runId: string, plan: Plan, { store }: RunSession): PlanProgress {
  const { trialList, earlierAttempts, resolved } = store.resumeRun(runId, { version: VERSION });
  return readProgress(plan, [...earlierAttempts, ...trialList], resolved.attempts);
}

function listTrialsLeft(plan: Plan, { ended }: PlanProgress): Trial[] {
  const over = new Set(ended.map(({ trial }) => trial.id));
  return plan.trials.filter(({ id }) => !over.has(id));
}

interface StartedRun {
  readonly scenario: Scenario;
  readonly plan: Plan;
  readonly runId: string;
  readonly progress: PlanProgress;
  /** Of the trials that are left. */
  readonly expectedMs: number;
}

interface RanTrials {
  readonly outcomes: readonly EndedTrial[];
  /** Why the others were not begun; null where the plan, or a person, ended it. */
  readonly unserved: ChurnError | null;
}

async function runTrials(
  { scenario, plan, runId, progress, expectedMs }: StartedRun,
  session: RunSession,
): Promise<RanTrials> {
  using display = displayPlan({ scenario, plan, runId, expectedMs }, session);
  const listener = joinListeners(display, feedDashboard(session.feed));
  try {
    await session.testbeds.begin(runId);
    const outcomes = await runPlan(
      plan,
      {
        testbedFor: (trial) => session.testbeds.of(trial.spec.testbed),
        clock: monotonicClock,
        listener,
        begin: (trial, attempt) => session.store.beginTrial(runId, trial, attempt),
        save: (trial, outcome, attempt) => {
          const testbed = session.testbeds.of(trial.spec.testbed);
          const pieces = testbed.collected?.(trial) ?? [];
          session.store.saveAttempt(runId, { trial, outcome, attempt, pieces });
          session.follower.addTrial(runId, trial.id);
          testbed.confirm?.(trial);
        },
        attempts: scenario.attempts,
        soak: scenario.soak,
        progress,
        ...(scenario.autoReplicates ? { enough: (ended) => isEnough(scenario, ended) } : {}),
      },
      session.signal,
    );
    return { outcomes, unserved: null };
  } catch (error) {
    if (isUnserved(error)) return { outcomes: [], unserved: error };
    session.store.finishRun(runId, "failed");
    throw error;
  }
}

function joinListeners(...listeners: readonly PlanListener[]): PlanListener {
  return {
    onPhase: (trial, phase) => listeners.forEach((one) => one.onPhase(trial, phase)),
    onSample: (...seen) => listeners.forEach((one) => one.onSample(...seen)),
    onOutcome: (...seen) => listeners.forEach((one) => one.onOutcome(...seen)),
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
  return exitCodeOfTrials(outcomes);
}
