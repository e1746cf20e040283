import {
  type ArmedShard,
  type Clock,
  findFirstError,
  type Testbed,
  type Trial,
  type TrialOutcome,
  type TrialWorld,
} from "@churnlab/core";
import { armShards } from "./arm-shards.ts";
import {
  abortedTrial,
  concludeTrial,
  failedTrial,
  type PartialTrial,
  withRestoreFailure,
} from "./conclude-trial.ts";
import { type Gathering, gatherReports, mergeWhatCame, NOTHING_CAME } from "./gather-reports.ts";
import { type PhaseListener, PhaseTracker } from "./phase-tracker.ts";
import { Recorder } from "./recorder.ts";

/** What a trial needs besides itself. All parts arrive as arguments, so that fakes can stand in for any of them. */
export interface TrialContext {
  readonly testbed: Testbed;
  readonly clock: Clock;
  readonly onPhase: PhaseListener;
  readonly onSample: (recorder: Recorder, shards: readonly ArmedShard[]) => void;
  /** Whether a trial that loses an agent goes on with those left; absent: it ends, and is invalid. */
  readonly soak?: boolean;
}

/** Between arming the last worker and the start, so that no worker gets the start too late. */
const START_MARGIN_MS = 10;

/**
 * Runs one trial through its phases: prepare, warm-up, measure, drain, restore. Whatever happens is the outcome, with
 * everything that was recorded until then. Rejects for bugs alone.
 */
export async function runTrial(
  trial: Trial,
  context: TrialContext,
  signal: AbortSignal,
): Promise<TrialOutcome> {
  const { clock } = context;
  const phases = new PhaseTracker(trial, context.onPhase);
  const startedAtUnixMs = clock.unixMs();
  let seen: Omit<PartialTrial, "phase"> = { ...NOTHING_SEEN, startedAtUnixMs };
  let outcome: TrialOutcome | null = null;
  try {
    phases.enter("prepare");
    await using world = await context.testbed.build(trial, signal);
    seen = { ...seen, world };
    using recording = new Recorder(world, clock);
    seen = { ...seen, recorder: recording };
    const shards = await armShards(trial, world);
    recording.watchLoad(shards, world.agents);
    recording.onTick(() => context.onSample(recording, shards));
    using _stopper = stopOnAbort(shards, signal);

    phases.enter("warm-up");
    const gathering = await reachMeasure({ trial, world, recording, shards }, context, signal);

    phases.enter("measure");
    const gathered = await gathering.ended;
    const { reports, losses, failure } = gathered;
    seen = { ...seen, gathered };
    if (failure !== undefined) throw failure;
    await recording.settle();
    recording.endMeasure();

    phases.enter("drain");
    await clock.sleep(trial.spec.phases.drainMs, signal);
    await recording.look({ atMs: clock.nowMs(), marks: false });
    recording.finish();
    outcome = await concludeTrial({
      trial,
      world,
      recording,
      report: mergeWhatCame(gathered),
      losses,
      wentOn: context.soak === true && reports.some(({ lost }) => lost === undefined),
      startedAtUnixMs,
      aborted: signal.aborted,
    });
    phases.enter("restore");
  } catch (error) {
    // Something that went wrong while restoring does not undo what was measured.
    if (outcome !== null) return withRestoreFailure(outcome, error);
    const started = { ...seen, phase: phases.current };
    if (signal.aborted) return abortedTrial(trial, started);
    return failedTrial(trial, started, findFirstError(error));
  }
  return outcome;
}

const NOTHING_SEEN = { world: null, recorder: null, gathered: NOTHING_CAME } as const;

interface ArmedTrial {
  readonly trial: Trial;
  readonly world: TrialWorld;
  readonly recording: Recorder;
  readonly shards: readonly ArmedShard[];
}

/**
 * Starts the load and waits until its measure phase begins. Without a warm-up the boundary lies before the first packet:
 * counters and tallies then count the same.
 */
async function reachMeasure(
  { trial, world, recording, shards }: ArmedTrial,
  { clock, soak = false }: TrialContext,
  signal: AbortSignal,
): Promise<Gathering> {
  const { warmUpMs } = trial.spec.phases;
  const mark = async (): Promise<void> => {
    recording.markMeasure();
    await world.target.markMeasure?.();
  };
  if (warmUpMs === 0) {
    await recording.look({ atMs: clock.nowMs(), marks: true });
    await mark();
  }
  const startAtMs = clock.nowMs() + (world.startLeadMs ?? START_MARGIN_MS);
  const gathering = gatherReports(shards, startAtMs, { soak });
  const over = AbortSignal.any([signal, gathering.stopped]);
  recording.expectMeasure(startAtMs + warmUpMs);
  const looking =
    warmUpMs > 0 ? recording.look({ atMs: recording.measureAtMs, marks: true }) : undefined;
  looking?.catch(() => {}); // awaited below, unless the load ends before
  await sleepUntil(clock, recording.measureAtMs, over);
  if (!over.aborted) await looking;
  if (warmUpMs > 0) void mark(); // the load goes on meanwhile
  return gathering;
}

function stopOnAbort(shards: readonly ArmedShard[], signal: AbortSignal): Disposable {
  const stop = (): void => {
    for (const shard of shards) shard.stop();
  };
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop);
  return { [Symbol.dispose]: () => signal.removeEventListener("abort", stop) };
}

async function sleepUntil(clock: Clock, atMs: number, signal: AbortSignal): Promise<void> {
  const waitMs = atMs - clock.nowMs();
  if (waitMs > 0) await clock.sleep(waitMs, signal);
}
