import type { ShardReport, Trial, TrialWorld } from "@churnlab/core";
import type { Recorder } from "./recorder.ts";

/** All that is known of a trial when its load is over, from which everything else is reduced and judged. */
export interface TrialEvidence {
  readonly trial: Trial;
  readonly world: TrialWorld;
  readonly recording: Recorder;
  readonly report: ShardReport;
  readonly startedAtUnixMs: number;
  readonly aborted: boolean;
}
