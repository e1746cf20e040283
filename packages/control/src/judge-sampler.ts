import { ROLES, SAMPLE_INTERVAL_MS, type TrialEvent, type Warning } from "@churnlab/core";
import type { TrialEvidence } from "./trial-evidence.ts";

/** More holes than this leave the gauges unknown for too long. */
const MISSED_SAMPLES_MAX = 2;
/** With more of the measure phase unseen than this, its gauges are of the rest. */
const UNSEEN_SHARE_MAX = 0.5;
/** And at least so long: a phase of a few samples has no gauges worth a verdict either way. */
const UNSEEN_MS_MIN = 2000;

/** Holes in what was sampled: a doubt, or the end of it where a side was not seen for most of its measure phase. */
export function judgeSampler({ recording, trial }: TrialEvidence): Warning[] {
  const { measureMs } = trial.spec.phases;
  const unseenMs = findLongestUnseen(recording.events(), measureMs);
  if (unseenMs >= UNSEEN_MS_MIN && unseenMs > UNSEEN_SHARE_MAX * measureMs) {
    const share = Math.round((100 * unseenMs) / measureMs);
    const message = `no samples were taken for ${Math.round(unseenMs)} ms of the measure phase (${share} %): peaks and plateaus are of the rest`;
    return [{ code: "W_SAMPLES_LOST", message }];
  }
  const { missed } = recording;
  if (missed <= MISSED_SAMPLES_MAX) return [];
  return [{ code: "W_SAMPLES_MISSED", message: `${missed} samples were not taken at their time` }];
}

/** How long the side that was seen the least was not seen between the start and the end of the measure phase. */
function findLongestUnseen(events: readonly TrialEvent[], measureMs: number): number {
  return Math.max(
    ...ROLES.map((role) =>
      events
        .filter((event) => event.kind === "sampler.hole" && event.role === role)
        .reduce((sum, { tMs, detail }) => {
          const lengthMs = Number(detail["missed"]) * SAMPLE_INTERVAL_MS;
          const insideMs = Math.min(tMs, measureMs) - Math.max(tMs - lengthMs, 0);
          return sum + Math.max(0, insideMs);
        }, 0),
    ),
  );
}
