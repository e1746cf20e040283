import {
  type ArmedShard,
  ChurnError,
  type Clock,
  type ErrorCode,
  type Measurement,
  type Plan,
  type Testbed,
  type Trial,
  type TrialOutcome,
  type TrialPhase,
  type TrialState,
  type Warning,
  type WarningCode,
} from "@churnlab/core";
import type { Recorder } from "./recorder.ts";
import { runTrial } from "./run-trial.ts";

/** Told what happens while a plan runs. It may draw; it must not block. */
export interface PlanListener {
  onPhase(trial: Trial, phase: TrialPhase): void;
  onSample(trial: Trial, recorder: Recorder, shards: readonly ArmedShard[]): void;
  onOutcome(trial: Trial, outcome: TrialOutcome, attempt: AttemptNumber): void;
}

/** `attempt 2 of 3`. */
export interface AttemptNumber {
  readonly number: number;
  /** The most there may be; with each attempt that an interruption ended, there may be one more. */
  readonly of: number;
}

/** What running a plan needs besides the plan. */
export interface PlanContext {
  /** The testbed of a trial; worlds are built and removed per trial, testbeds live as long as the plan. */
  testbedFor(trial: Trial): Testbed;
  readonly clock: Clock;
  readonly listener: PlanListener;
  /** Notes durably that an attempt begins. */
  begin?(trial: Trial, attempt: number): void;
  /** Stores one attempt durably. Called after every attempt, before the next begins. */
  save(trial: Trial, outcome: TrialOutcome, attempt: number): void;
  /** Whether no further block is needed. Asked after every block but the last; absent: the plan runs to its end. */
  enough?(ended: readonly EndedTrial[]): boolean;
  /** How often a trial is begun that loses an agent; absent: once. */
  readonly attempts?: number;
  /** See `TrialContext.soak`. */
  readonly soak?: boolean;
  /** What an interrupted run of the same plan did already; absent: nothing. */
  readonly progress?: PlanProgress;
}

/** How far a run has come. */
export interface PlanProgress {
  /** Trials that are over: they are not run again. */
  readonly ended: readonly EndedTrial[];
  /** By trial id, the attempts at trials that are not over; interruptions ended them. */
  readonly attempts: ReadonlyMap<number, PastAttempts>;
}

/** What an earlier process has made of a trial. */
export interface PastAttempts {
  readonly lost: number;
  readonly interrupted: number;
}

/** What is kept of a trial once it is stored: its samples and events would add up over a long plan. */
export interface EndedTrial {
  readonly trial: Trial;
  readonly state: TrialState;
  readonly measurements: readonly Measurement[];
}

/**
 * Runs the trials of a plan in their order and stores each when it ends. A trial that lost an agent is repeated at once, in
 * the same block. An invalid or failed trial does not end the plan; an aborted signal does, after the running trial has
 * been stored, and `enough` does between two blocks. Resolves with every trial that is over, those of before included.
 * Rejects with the error of a testbed that cannot serve it (see `isUnserved`), once the attempt is stored as aborted: the
 * other trials would fail in the same way, and a run that is resumed begins with this one.
 */
export async function runPlan(
  plan: Plan,
  context: PlanContext,
  signal: AbortSignal,
): Promise<readonly EndedTrial[]> {
  const ended: EndedTrial[] = [...(context.progress?.ended ?? [])];
  const over = new Set(ended.map(({ trial }) => trial.id));
  const known = ended.length;
  for (const trial of plan.trials.filter(({ id }) => !over.has(id))) {
    const last = ended.at(-1);
    const isNextBlock = last !== undefined && last.trial.block !== trial.block;
    if (signal.aborted || (isNextBlock && context.enough?.(ended))) break;
    const outcome = await runAttempts(
      trial,
      { ...context, wasServed: ended.length > known },
      signal,
    );
    ended.push({ trial, state: outcome.state, measurements: outcome.record.measurements });
  }
  return ended;
}

/** Runs a trial until it loses no agent, as often as it may be begun; the last attempt is what counts. */
async function runAttempts(
  trial: Trial,
  { wasServed, ...context }: PlanContext & { readonly wasServed: boolean },
  signal: AbortSignal,
): Promise<TrialOutcome> {
  const { lost, interrupted } = context.progress?.attempts.get(trial.id) ?? NO_ATTEMPT;
  const of = Math.max(context.attempts ?? 1, lost + 1) + interrupted;
  let isServed = wasServed;
  for (let number = lost + interrupted + 1; ; number++) {
    context.begin?.(trial, number);
    const seen = await runTrial(
      trial,
      {
        testbed: context.testbedFor(trial),
        clock: context.clock,
        onPhase: (phaseOf, phase) => context.listener.onPhase(phaseOf, phase),
        onSample: (recorder, shards) => context.listener.onSample(trial, recorder, shards),
        soak: context.soak ?? false,
      },
      signal,
    );
    const unserved = findUnserved(seen);
    const outcome = unserved === null ? seen : abortUnserved(seen, unserved);
    context.save(trial, outcome, number);
    context.listener.onOutcome(trial, outcome, { number, of });
    const mayRepeat = number < of && !signal.aborted;
    if (unserved !== null) {
      // What served a trial before has lost something that may come back.
      if (mayRepeat && isServed) continue;
      throw unserved;
    }
    isServed = true;
    if (!mayRepeat || !lostAgent({ ...outcome.record, state: outcome.state })) return outcome;
  }
}

/** Whoever is to serve the trials cannot: too few agents, of another version, another run's, or nobody to reach them by. */
const UNSERVED: ReadonlySet<ErrorCode> = new Set([
  "E_FLEET",
  "E_FLEET_VERSION",
  "E_FLEET_LOCKED",
  "E_NATS",
]);

/** Whether a run ends with this for want of who serves it: what is left of its plan can be run later. */
export function isUnserved(error: unknown): error is ChurnError {
  return error instanceof ChurnError && UNSERVED.has(error.code);
}

/** null also for what fails in the same way later: that trial was begun. */
function findUnserved(outcome: TrialOutcome): ChurnError | null {
  if (outcome.state !== "failed" || outcome.phase !== "prepare") return null;
  if (!UNSERVED.has(outcome.code)) return null;
  return new ChurnError(outcome.code, outcome.message);
}

/** It is not over: it was never begun. */
function abortUnserved({ record }: TrialOutcome, { message }: ChurnError): TrialOutcome {
  return { state: "aborted", record, phase: "prepare", reason: message };
}

const NO_ATTEMPT: PastAttempts = { lost: 0, interrupted: 0 };

/** What may go well the next time: an agent was lost, late, came back, or lost its results. */
const REPEATED: ReadonlySet<WarningCode> = new Set([
  "W_AGENT_LOST",
  "W_CLOCK_UNSURE",
  "W_LOAD_STRAY",
  "W_RESULTS_INCOMPLETE",
]);

/** Whether an attempt is to be repeated, as an agent did not do its share of the trial. */
export function lostAgent({
  state,
  warnings,
}: {
  readonly state: TrialState;
  readonly warnings: readonly Warning[];
}): boolean {
  return state === "invalid" && warnings.some(({ code }) => REPEATED.has(code));
}
