import {
  type Agent,
  type ArmedShard,
  type Clock,
  mergeReports,
  type ShardReport,
  type Share,
  type Testbed,
  type Trial,
  type TrialOutcome,
  type TrialWorld,
} from "@churnlab/core";
import { abortedTrial, concludeTrial, failedTrial, withRestoreFailure } from "./conclude-trial.ts";
import { type PhaseListener, PhaseTracker } from "./phase-tracker.ts";
import { type Recorder, startRecorder } from "./recorder.ts";

/** What a trial needs besides itself. All parts arrive as arguments, so that fakes can stand in for any of them. */
export interface TrialContext {
  readonly testbed: Testbed;
  readonly clock: Clock;
  readonly onPhase: PhaseListener;
  readonly onSample: (recorder: Recorder, shards: readonly ArmedShard[]) => void;
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
  let recorder: Recorder | null = null;
  let outcome: TrialOutcome | null = null;
  try {
    phases.enter("prepare");
    await using world = await context.testbed.build(trial, signal);
    using recording = startRecorder(world, clock);
    recorder = recording;
    const shards = await armShards(trial, world);
    recording.watchLoad(shards);
    recording.onTick(() => context.onSample(recording, shards));
    using _stopper = stopOnAbort(shards, signal);

    phases.enter("warm-up");
    const { warmUpMs, drainMs } = trial.spec.phases;
    const mark = (): void => {
      recording.markMeasure();
      world.target.markMeasure?.();
    };
    const lookNow = (marks: boolean): Promise<void> =>
      recording.look({ atMs: clock.nowMs(), marks });
    // Without a warm-up the boundary lies before the first packet: counters and tallies then count the same.
    if (warmUpMs === 0) {
      await lookNow(true);
      mark();
    }
    const startAtMs = clock.nowMs() + (world.startLeadMs ?? START_MARGIN_MS);
    const reports = Promise.all(shards.map((shard) => shard.run(startAtMs)));
    reports.catch(() => {}); // awaited below; until then a lost worker must not end the process
    recording.expectMeasure(startAtMs + warmUpMs);
    const looking =
      warmUpMs > 0 ? recording.look({ atMs: recording.measureAtMs, marks: true }) : undefined;
    looking?.catch(() => {}); // awaited below, unless the signal ends the trial before
    await sleepUntil(clock, recording.measureAtMs, signal);
    if (!signal.aborted) await looking;
    if (warmUpMs > 0) mark();

    phases.enter("measure");
    const report: ShardReport = mergeReports(await reports);
    await recording.settle();
    await lookNow(false);
    recording.endMeasure();

    phases.enter("drain");
    await clock.sleep(drainMs, signal);
    await lookNow(false);
    recording.finish();
    const aborted = signal.aborted;
    outcome = await concludeTrial({ trial, world, recording, report, startedAtUnixMs, aborted });
    phases.enter("restore");
  } catch (error) {
    // Something that went wrong while restoring does not undo what was measured.
    if (outcome !== null) return withRestoreFailure(outcome, error);
    const started = { phase: phases.current, recorder, startedAtUnixMs };
    if (signal.aborted) return abortedTrial(trial, started);
    return failedTrial(trial, started, error);
  }
  return outcome;
}

/** Gives every agent its exact share and waits until all workers are ready. */
async function armShards(trial: Trial, world: TrialWorld): Promise<ArmedShard[]> {
  const shares = numberWorkers(world.agents);
  return Promise.all(
    world.agents.map((agent, i) =>
      agent.arm({
        trialId: trial.id,
        seed: trial.seed,
        workload: trial.spec.workload,
        phases: trial.spec.phases,
        target: world.target.address,
        share: shares[i] as Share,
      }),
    ),
  );
}

/** Every agent's workers, numbered through: agents of 2 and 3 workers get 0-1 and 2-4 of 5. */
function numberWorkers(agents: readonly Agent[]): Share[] {
  const of = agents.reduce((sum, { workers }) => sum + workers, 0);
  let first = 0;
  return agents.map(({ workers }) => {
    const share = { first, count: workers, of };
    first += workers;
    return share;
  });
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
