import {
  attributeLimits,
  ChurnError,
  type Measurement,
  sawPortsFull,
  type Trial,
  type TrialEvent,
  type TrialOutcome,
  type TrialPhase,
  type TrialRecord,
  type TrialWorld,
  WARNING_CODES,
  type Warning,
  type WarningCode,
} from "@churnlab/core";
import { countFirstCloses, nameCloser } from "./count-first-closes.ts";
import { findExhaustion } from "./find-exhaustion.ts";
import { type Gathered, mergeWhatCame } from "./gather-reports.ts";
import { judgeValidity } from "./judge-validity.ts";
import { noteTracking } from "./note-tracking.ts";
import type { Recorder } from "./recorder.ts";
import { reduceMeasurements } from "./reduce-measurements.ts";
import type { TrialEvidence } from "./trial-evidence.ts";

/** Reduces what was seen to measurements, and says whether they may be trusted. */
export async function concludeTrial(evidence: TrialEvidence): Promise<TrialOutcome> {
  const { trial, world, recording, report } = evidence;
  const ofWorld = (await world.conclude?.()) ?? { measurements: [], warnings: [] };
  const measurements: Measurement[] = [
    ...reduceMeasurements(evidence),
    ...ofWorld.measurements,
    ...(await world.target.measure()),
    ...recording.measurements(),
  ];
  const warnings: Warning[] = [
    ...world.warnings,
    ...ofWorld.warnings,
    ...(world.target.conclude?.() ?? []),
    ...recording.warnings(),
    ...report.warnings,
    ...world.observers.flatMap((observer) => observer.conclude()),
    ...judgeValidity(evidence),
    ...listLosses(evidence.losses),
  ];
  const record: TrialRecord = {
    tally: report.tally,
    failures: report.failures,
    histograms: report.histograms,
    samples: recording.samples(),
    events: [
      ...listEvents(evidence, measurements),
      ...listLimits(evidence, { measurements, warnings }),
    ],
    portUses: recording.portUses(),
    listenerQueues: recording.listenerQueues(),
    sysctls: world.sysctls,
    measurements,
    environment: noteTracking(world.environment, recording),
    engine: report.engine || null,
    engineReason: report.engineReason || null,
    closer: nameCloser(countFirstCloses(evidence)),
    startedAtUnixMs: evidence.startedAtUnixMs,
    measureMs: trial.spec.phases.measureMs,
    warnings,
  };
  if (evidence.aborted) return { state: "aborted", record, phase: "measure" };
  const fatal = warnings.filter(({ code }) => WARNING_CODES[code].invalidates);
  const others = fatal.filter(({ code }) => !SOAK_GOES_ON.has(code));
  if (fatal.length === 0) return { state: "completed", record };
  if (others.length === 0 && evidence.wentOn) {
    return { state: "degraded", record, reason: explainAll(fatal) };
  }
  return { state: "invalid", record, reason: explainAll(fatal) };
}

/** Each once: whoever serves the target may be lost to all agents. */
function listLosses(losses: readonly ChurnError[]): Warning[] {
  const messages = new Set(losses.map(explain));
  return [...messages].map((message) => ({ code: "W_AGENT_LOST", message }));
}

/** A soak is degraded by them, and not in vain. */
const SOAK_GOES_ON: ReadonlySet<WarningCode> = new Set(["W_AGENT_LOST", "W_SPOOL_FULL"]);

function explainAll(warnings: readonly Warning[]): string {
  return warnings.map(({ message }) => message).join("; ");
}

function listEvents(
  { trial, world, recording, report }: TrialEvidence,
  measurements: readonly Measurement[],
): TrialEvent[] {
  const endMs = recording.measureEndedAtMs - recording.measureAtMs;
  const log = world.target.readLog?.() ?? "";
  const events: TrialEvent[] = [
    ...recording.events().flatMap((event) => believePorts(event, measurements)),
    ...report.events,
    ...findExhaustion({
      failures: report.failures,
      samples: recording.samples(),
      bind: trial.spec.workload.bind,
      sawFull: sawPortsFull(measurements, "client"),
    }),
    ...(log === ""
      ? []
      : [{ role: "target", tMs: endMs, kind: "target.log", detail: { log } } as const]),
  ];
  return events.toSorted((a, b) => a.tMs - b.tMs);
}

/** What a server says of its ports, unless the sockets that were seen speak against it: as for the client. */
function believePorts(event: TrialEvent, measurements: readonly Measurement[]): TrialEvent[] {
  const { role, kind } = event;
  const isOfPorts = kind === "ports.exhausted" || kind === "ports.free-again";
  if (!isOfPorts || sawPortsFull(measurements, role) !== false) return [event];
  return kind === "ports.exhausted" ? [{ ...event, kind: "ports.refused" }] : [];
}

/** What ran out, as events at the end of the load: each with the numbers that show it. */
function listLimits(
  { trial, world, recording, report }: TrialEvidence,
  seen: Pick<TrialRecord, "measurements" | "warnings">,
): TrialEvent[] {
  const tMs = recording.measureEndedAtMs - recording.measureAtMs;
  const { failures, events } = report;
  const { topology, workload } = trial.spec;
  const facts = world.environment?.facts ?? {};
  const { bind } = workload;
  return attributeLimits({ ...seen, failures, bind, topology, events, facts }).map(
    ({ role, resource, meaning, evidence }) => ({
      role,
      tMs,
      kind: `limit.${resource}`,
      detail: { meaning, ...evidence },
    }),
  );
}

/** The record of a trial that ended before its load did: all that was seen until then. */
function partialRecord(trial: Trial, started: PartialTrial): TrialRecord {
  const { recorder, world } = started;
  const report = mergeWhatCame(started.gathered);
  return {
    tally: report.tally,
    failures: report.failures,
    histograms: report.histograms,
    samples: recorder?.samples() ?? [],
    events: [...(recorder?.events() ?? []), ...report.events].toSorted((a, b) => a.tMs - b.tMs),
    portUses: recorder?.portUses() ?? [],
    listenerQueues: recorder?.listenerQueues() ?? [],
    sysctls: world?.sysctls ?? [],
    measurements: recorder?.measurements() ?? [],
    environment: world?.environment ?? null,
    engine: report.engine || null,
    engineReason: report.engineReason || null,
    closer: null,
    startedAtUnixMs: started.startedAtUnixMs,
    measureMs: trial.spec.phases.measureMs,
    warnings: [...(world?.warnings ?? []), ...(recorder?.warnings() ?? []), ...report.warnings],
  };
}

/** What is there of a trial when it ends early: each part as soon as it was had. */
export interface PartialTrial {
  readonly phase: TrialPhase;
  readonly world: Pick<TrialWorld, "sysctls" | "environment" | "warnings"> | null;
  readonly recorder: Recorder | null;
  readonly gathered: Pick<Gathered, "reports" | "histograms" | "losses">;
  readonly startedAtUnixMs: number;
}

/** A trial that was stopped while it ran: with all that was seen until then, and the phase it was in. */
export function abortedTrial(trial: Trial, started: PartialTrial): TrialOutcome {
  return { state: "aborted", record: partialRecord(trial, started), phase: started.phase };
}

/**
 * A lost agent or target leaves an invalid trial: it ran, but not as asked. Anything else that a person can fix is a
 * failed one. Bugs are not outcomes: they are thrown on.
 */
export function failedTrial(trial: Trial, started: PartialTrial, thrown: unknown): TrialOutcome {
  const error = isSystemError(thrown) ? explainSystemError(thrown) : thrown;
  if (!(error instanceof ChurnError)) throw error;
  const record = partialRecord(trial, started);
  if (error.code === "E_AGENT") {
    // Who was lost before is why this went wrong too.
    const losses = listLosses([...started.gathered.losses, error]);
    const warnings = [...record.warnings, ...losses];
    return { state: "invalid", record: { ...record, warnings }, reason: explainAll(losses) };
  }
  const { phase } = started;
  return { state: "failed", record, phase, code: error.code, message: explain(error) };
}

/** The same outcome, which says that its world was not taken down as it should be. */
export function withRestoreFailure(outcome: TrialOutcome, error: unknown): TrialOutcome {
  const said = error instanceof Error ? explain(error) : String(error);
  const message = `restore: ${said}`;
  const warnings: Warning[] = [...outcome.record.warnings, { code: "W_NOT_RESTORED", message }];
  return { ...outcome, record: { ...outcome.record, warnings } };
}

interface SystemError extends Error {
  readonly code: string;
  readonly syscall: string;
}

/** Node's own, and those of the room that calls the kernel: the machine refused something that it gave before. */
function isSystemError(error: unknown): error is SystemError {
  return error instanceof Error && "syscall" in error && "code" in error;
}

function explainSystemError(error: SystemError): ChurnError {
  const hint = SHORTAGE_HINTS[error.code];
  const detail = hint === undefined ? {} : { hint };
  return new ChurnError("E_SYSTEM_CALL", error.message, { ...detail, cause: error });
}

const SHORTAGE_HINTS: Readonly<Record<string, string>> = {
  EMFILE: "Raise the limit on open files: ulimit -n.",
  ENFILE: "Raise fs.file-max.",
  ENOMEM: "Free some memory, or ask for fewer connections.",
  ENOSPC: "Raise user.max_net_namespaces, or free some space.",
};

function explain(error: Error): string {
  if (!(error instanceof ChurnError) || error.hint === undefined) return error.message;
  const end = /[.!?]$/.test(error.message) ? "" : ".";
  return `${error.message}${end} ${error.hint}`;
}
