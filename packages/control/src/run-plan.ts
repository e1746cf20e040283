import type {
  ArmedShard,
  Clock,
  Measurement,
  Plan,
  Testbed,
  Trial,
  TrialOutcome,
  TrialPhase,
  TrialState,
} from "@churnlab/core";
import type { Recorder } from "./recorder.ts";
import { runTrial } from "./run-trial.ts";

/** Told what happens while a plan runs. It may draw; it must not block. */
export interface PlanListener {
  onPhase(trial: Trial, phase: TrialPhase): void;
  onSample(trial: Trial, recorder: Recorder, shards: readonly ArmedShard[]): void;
  onOutcome(trial: Trial, outcome: TrialOutcome): void;
}

export interface PlanContext {
  /** The testbed of a trial; worlds are built and removed per trial, testbeds live as long as the plan. */
  testbedFor(trial: Trial): Testbed;
  readonly clock: Clock;
  readonly listener: PlanListener;
  /** Stores one trial durably. Called after every trial, before the next begins. */
  save(trial: Trial, outcome: TrialOutcome): void;
  /** Whether no further block is needed. Asked after every block but the last; absent: the plan runs to its end. */
  enough?(ended: readonly EndedTrial[]): boolean;
}

/** What is kept of a trial once it is stored: its samples and events would add up over a long plan. */
export interface EndedTrial {
  readonly trial: Trial;
  readonly state: TrialState;
  readonly measurements: readonly Measurement[];
}

/**
 * Runs the trials of a plan in their order and stores each when it ends. An invalid or failed trial does not end the
 * plan; an aborted signal does, after the running trial has been stored, and `enough` does between two blocks.
 */
export async function runPlan(
  plan: Plan,
  context: PlanContext,
  signal: AbortSignal,
): Promise<readonly EndedTrial[]> {
  const ended: EndedTrial[] = [];
  for (const trial of plan.trials) {
    const last = ended.at(-1);
    const isNextBlock = last !== undefined && last.trial.block !== trial.block;
    if (signal.aborted || (isNextBlock && context.enough?.(ended))) break;
    const outcome = await runTrial(
      trial,
      {
        testbed: context.testbedFor(trial),
        clock: context.clock,
        onPhase: (of, phase) => context.listener.onPhase(of, phase),
        onSample: (recorder, shards) => context.listener.onSample(trial, recorder, shards),
      },
      signal,
    );
    context.save(trial, outcome);
    context.listener.onOutcome(trial, outcome);
    ended.push({ trial, state: outcome.state, measurements: outcome.record.measurements });
  }
  return ended;
}
