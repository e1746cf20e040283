import type {
  Environment,
  ErrorCode,
  FailureRecord,
  HistogramRecord,
  Measurement,
  Role,
  Scenario,
  SeenCloser,
  SysctlRecord,
  TrialEvent,
  TrialPhase,
  TrialSpec,
  TrialState,
  VerdictKind,
  Warning,
} from "@churnlab/core";

/** `aborted` also when the process that wrote the run has gone without ending it. */
export const RUN_STATES = ["running", "completed", "failed", "aborted"] as const;
/** How far a run got. */
export type RunState = (typeof RUN_STATES)[number];

/** What a list of runs shows. */
export interface RunSummary {
  readonly runId: string;
  readonly scenario: string;
  readonly state: RunState;
  readonly startedAtUnixMs: number;
  readonly endedAtUnixMs: number | null;
  readonly seed: number;
  readonly churnlabVersion: string;
  readonly fingerprint: string | null;
  /** `commit`, `branch`, or what the user chose. */
  readonly tags: Readonly<Record<string, string>>;
  readonly variants: number;
  readonly plannedTrials: number;
  /** Trials saved so far, by how they ended. */
  readonly trials: Readonly<Record<TrialState, number>>;
}

/** One attempt at a trial, as it was stored. */
export interface StoredTrial {
  readonly trialId: number;
  /** From 1. A trial that lost an agent, or whose controller was killed, is repeated as a new attempt. */
  readonly attempt: number;
  readonly variant: string;
  readonly replicate: number;
  readonly block: number;
  readonly seed: number;
  readonly state: TrialState;
  /** Where a failed or aborted trial ended. */
  readonly phase: TrialPhase | null;
  readonly code: ErrorCode | null;
  /** Why it is degraded, invalid or failed. */
  readonly reason: string | null;
  readonly engine: string | null;
  readonly engineReason: string | null;
  /** Who closed first, as both kernels counted it; see `TrialRecord`. */
  readonly closer: SeenCloser | null;
  readonly startedAtUnixMs: number;
  readonly measureMs: number;
  readonly warnings: readonly Warning[];
  /** By role. */
  readonly measurements: readonly Measurement[];
  readonly failures: readonly FailureRecord[];
  readonly sysctls: readonly SysctlRecord[];
  readonly environment: Environment | null;
}

/** A variant as its run had it. */
export interface StoredVariant {
  readonly name: string;
  readonly baseline: boolean;
  readonly spec: TrialSpec;
}

/** Everything of a run that is small: a few thousand numbers per trial at most. */
export interface StoredRun extends RunSummary {
  /** As it was checked and filled in when the run began; `source` is the file's text. */
  readonly resolved: Scenario;
  readonly variantList: readonly StoredVariant[];
  /** The last attempt of every trial, in the order they ran: what is compared, judged and counted. */
  readonly trialList: readonly StoredTrial[];
  /** The attempts before those, in the order they ran: kept for whoever asks why. */
  readonly earlierAttempts: readonly StoredTrial[];
  readonly environment: Environment | null;
  readonly comparisons: readonly ComparisonRow[];
}

/** An event and the trial it belongs to. */
export interface StoredEvent extends TrialEvent {
  readonly trialId: number;
  readonly variant: string;
}

/** The buckets of one latency metric, added up over all completed trials of a variant. */
export interface VariantHistogram extends HistogramRecord {
  readonly variant: string;
  readonly role: Role;
}

/** One metric of one trial over time; holes are absent. `tMs` ascends. */
export interface SampleSeries {
  readonly trialId: number;
  readonly variant: string;
  readonly role: Role;
  readonly metric: string;
  readonly tMs: Float64Array;
  readonly values: Float64Array;
}

/** Which events to load; what is left out is not restricted. */
export interface EventFilter {
  readonly trialId?: number;
  /** The first so many of each trial, role and kind. */
  readonly perKindMax?: number;
}

/** Which series to load; what is left out is not restricted. */
export interface SampleFilter {
  readonly trialId?: number;
  readonly variant?: string;
  readonly role?: Role;
  readonly metrics?: readonly string[];
}

/**
 * A verdict, or why there is none: `not-comparable` where the environments differ in what was not meant to, whatever the
 * trials measured.
 */
export type StoredVerdict = VerdictKind | "not-comparable";

/** A variant's metric against the baseline's, as it was last judged. */
export interface ComparisonRow {
  readonly baseline: string;
  readonly variant: string;
  readonly role: Role;
  readonly metric: string;
  /** Pairs of replicates. */
  readonly n: number;
  readonly baselineMedian: number | null;
  readonly variantMedian: number | null;
  /** Relative change, 0.1 = +10 %; null where there is no ratio. Only a `better` or `worse` claims it. */
  readonly effect: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly p: number | null;
  readonly verdict: StoredVerdict;
}
