import type { ChurnError, ShardReport, Trial, TrialWorld } from "@churnlab/core";
import type { Recorder } from "./recorder.ts";

/** All that is known of a trial when its load is over, from which everything else is reduced and judged. */
export interface TrialEvidence {
  readonly trial: Trial;
  readonly world: TrialWorld;
  readonly recording: Recorder;
  /** Of all agents that reported, also of those that lost a worker. */
  readonly report: ShardReport;
  /** Why agents did not report, or not all of their share; empty when all did. */
  readonly losses: readonly ChurnError[];
  /** Whether the trial was meant to go on without them, and did. */
  readonly wentOn: boolean;
  readonly startedAtUnixMs: number;
  readonly aborted: boolean;
}
