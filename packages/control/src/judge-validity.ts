import {
  CPU_SHARE_BUSY,
  deltaCounters,
  findBrokenIdentities,
  latenessBoundMs,
  quantileUs,
  type ShardReport,
  type Warning,
  type WarningCode,
  warnAcceptFailures,
  warnFullDescriptors,
} from "@churnlab/core";
import { judgeCloser } from "./judge-closer.ts";
import { judgeSampler } from "./judge-sampler.ts";
import { judgeSteadiness } from "./judge-steadiness.ts";
import { judgeTimeWait } from "./judge-time-wait.ts";
import { beginsAtZero, growthOf, peakOf } from "./reduce-measurements.ts";
import type { TrialEvidence } from "./trial-evidence.ts";

/** Least share of the intended load that must have been attempted. */
const OFFERED_SHARE_MIN = 0.995;
/** When one arrival in ten is this late, the offered load was another one than the scenario's, whatever the reason. */
const LATENESS_MS_LOST = 100;
/** Or this share of the measure phase, where that is more. */
const LATENESS_PHASE_SHARE_LOST = 0.02;
/** Counters that miss more of the measure phase than this are no longer of that phase. */
const BOUNDARY_SHARE_MAX = 0.01;

/** Every doubt that the numbers of a trial themselves raise. */
export function judgeValidity(evidence: TrialEvidence): Warning[] {
  return [
    ...judgeIdentities(evidence),
    ...judgeSysctls(evidence),
    ...judgeCleanState(evidence),
    ...judgeTarget(evidence),
    ...judgeCloser(evidence),
    ...judgeOffer(evidence),
    ...judgeGenerator(evidence),
    ...judgeDescriptors(evidence),
    ...judgeServerDescriptors(evidence),
    ...judgeSteadiness(evidence),
    ...judgeBoundary(evidence),
    ...judgeSampler(evidence),
    ...judgeCounters(evidence),
    ...judgeTimeWait(evidence),
  ];
}

/** What helps a generator that cannot keep up. */
const LIGHTEN =
  "Lower the rate, give it more processors (workload.workers, or a fleet), or end what else runs here";
/** What helps one that is now and then late. */
const CALM =
  "The latencies `total` and `schedule` include it; for less of it, end what else runs here or lower the rate";

function judgeIdentities({ report }: TrialEvidence): Warning[] {
  return findBrokenIdentities(report.tally, report.failures).map((message) => ({
    code: "W_IDENTITY",
    message,
  }));
}

function judgeSysctls({ world }: TrialEvidence): Warning[] {
  return world.sysctls
    .filter(({ requested, effective }) => requested !== null && requested !== effective)
    .map(({ role, name, requested, effective }) => ({
      code: "W_SYSCTL_DIFFERS",
      message: `${role}: ${name} was set to "${requested}" and reads back as "${effective}"`,
    }));
}

function judgeCleanState({ recording, trial }: TrialEvidence): Warning[] {
  // Not a namespace of the trial's own: what else is there is told by W_CLIENT_SHARED.
  if (trial.spec.testbed === "external") return [];
  return recording.readings().flatMap(({ observer: { role }, idle }): Warning[] => {
    const timeWait = idle.gauges["time_wait"];
    if (timeWait === 0) return [];
    if (timeWait === undefined) {
      const message = `${role}: TIME_WAIT sockets could not be counted before the load`;
      return [{ code: "W_CLEAN_UNKNOWN", message }];
    }
    const message = `${role}: ${timeWait} TIME_WAIT sockets before the load`;
    return [{ code: "W_NOT_CLEAN", message }];
  });
}

function judgeTarget({ world }: TrialEvidence): Warning[] {
  const ended = world.target.ended();
  return ended === null ? [] : [{ code: "W_TARGET_DIED", message: `the target ended: ${ended}` }];
}

/** Of a load that ran to its end: one that was stopped offered what it could until then. */
function judgeOffer({ report, trial, aborted, losses, wentOn }: TrialEvidence): Warning[] {
  if (aborted || (losses.length > 0 && !wentOn)) return [];
  const byRequest = trial.spec.workload.kind === "keep-alive";
  const { intended, attempted } = byRequest ? report.tally.requests : report.tally.connections;
  if (attempted >= OFFERED_SHARE_MIN * intended) return [];
  const message = `${attempted} of ${intended} arrivals were attempted: the generator could not offer the load. ${LIGHTEN}`;
  return [{ code: "W_OFFERED_SHORT", message }];
}

function judgeGenerator({ report, trial }: TrialEvidence): Warning[] {
  const warnings: Warning[] = [];
  const share = report.cpuShareMax ?? 0;
  const busy = share >= CPU_SHARE_BUSY;
  if (busy) {
    const message = `a worker used ${Math.round(share * 100)} % of a processor: the generator may have been the limit. ${LIGHTEN}`;
    warnings.push({ code: "W_GENERATOR_CPU", message });
  }
  const { arrival } = trial.spec.workload;
  // A closed loop has no schedule to be late for.
  if (arrival.model === "closed") return warnings;
  const boundMs = latenessBoundMs(arrival.ratePerS);
  const lateMs = latenessMs(report, 0.99);
  if (lateMs <= boundMs) return warnings;
  const lostMs = Math.max(
    LATENESS_MS_LOST,
    LATENESS_PHASE_SHARE_LOST * trial.spec.phases.measureMs,
  );
  const limited = busy || latenessMs(report, 0.9) > lostMs;
  const message = `1 % of the arrivals started ${lateMs.toFixed(1)} ms or more after their time (bound ${boundMs.toFixed(1)} ms). ${limited ? LIGHTEN : CALM}`;
  warnings.push({ code: limited ? "W_GENERATOR_LIMITED" : "W_GENERATOR_LATE", message });
  return warnings;
}

function latenessMs({ histograms }: ShardReport, q: number): number {
  const schedule = histograms.find(({ metric }) => metric === "schedule");
  return schedule === undefined ? 0 : (quantileUs(schedule, q) ?? 0) / 1000;
}

/** Client and target share the process, and so its limit: neither is what a scenario asks about. */
function judgeDescriptors({ report }: TrialEvidence): Warning[] {
  const count = report.failures
    .filter(({ errno }) => errno === "EMFILE" || errno === "ENFILE")
    .reduce((sum, failure) => sum + failure.count, 0);
  if (count === 0) return [];
  const message = `${count} connections found no free descriptor: raise the limit on open files (ulimit -n), or ask for fewer connections at once`;
  return [{ code: "W_NO_DESCRIPTORS", message }];
}

/** What a server could not accept is its own shortage, which a scenario may ask about. */
function judgeServerDescriptors({ recording }: TrialEvidence): Warning[] {
  return recording.readings().flatMap((readings) => {
    const { role } = readings.observer;
    const open = peakOf(recording, role, "descriptors");
    const limit = peakOf(recording, role, "descriptors.limit");
    return [
      ...warnAcceptFailures(role, growthOf(readings)),
      ...(open === null || limit === null ? [] : warnFullDescriptors(role, open, limit)),
    ];
  });
}

/** After a warm-up the load goes on while counters are read; without one they are read before the first packet. */
function judgeBoundary({ recording, trial }: TrialEvidence): Warning[] {
  const lateMs = recording.boundaryLateMs;
  const share = lateMs / trial.spec.phases.measureMs;
  if (share <= BOUNDARY_SHARE_MAX) return [];
  const message = `the kernel counters were read ${lateMs.toFixed(0)} ms after the measure phase began: about ${(share * 100).toFixed(1)} % of its load is not in their growth`;
  return [{ code: "W_BOUNDARY_LATE", message }];
}

/** A counter that cannot be told has no number, and says so. */
function judgeCounters({ recording }: TrialEvidence): Warning[] {
  return recording.readings().flatMap(({ observer: { role }, before, after }) => {
    const { wrapped, appeared, vanished } = deltaCounters(before, after);
    const told = (code: WarningCode, names: readonly string[], what: string): Warning[] =>
      names.map((name) => ({ code, message: `${role}: ${name} ${what}` }));
    return [
      ...told(
        "W_COUNTER_APPEARED",
        appeared.filter((name) => !beginsAtZero(name)),
        "was not there before the measure phase and is after",
      ),
      ...told("W_COUNTER_WRAPPED", wrapped, "decreased during the measure phase"),
      ...told("W_COUNTER_ABSENT", vanished, "was there before the measure phase and not after"),
    ];
  });
}
