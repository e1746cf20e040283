import type { ShardReport } from "./agent.ts";
import { EMPTY_TALLY } from "./tally.ts";
import type { TrialRecord } from "./trial.ts";

/** Of a shard that did nothing, and that no agent has signed. */
export const EMPTY_SHARD_REPORT: ShardReport = {
  agent: "",
  engine: "",
  engineReason: "",
  tally: EMPTY_TALLY,
  warmUp: EMPTY_TALLY,
  failures: [],
  histograms: [],
  cpuUs: 0,
  cpuShareMax: 0,
  elapsedMs: 0,
  events: [],
  warnings: [],
};

/** Of a trial of which nothing was seen but when it began. */
export function emptyTrialRecord(
  known: Pick<TrialRecord, "startedAtUnixMs" | "measureMs">,
): TrialRecord {
  return {
    ...known,
    tally: EMPTY_TALLY,
    failures: [],
    histograms: [],
    samples: [],
    events: [],
    portUses: [],
    listenerQueues: [],
    sysctls: [],
    measurements: [],
    environment: null,
    engine: null,
    engineReason: null,
    closer: null,
    warnings: [],
  };
}
