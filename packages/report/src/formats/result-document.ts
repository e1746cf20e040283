import type {
  ComparisonWarning,
  FailureRecord,
  FingerprintDifference,
  Gate,
  GateCause,
  GateOutcome,
  MetricDescription,
  Role,
  SeenCloser,
  SysctlRecord,
  TrialState,
  Warning,
} from "@churnlab/core";
import type { RunPeaks, RunState, StoredVerdict } from "@churnlab/store";

/** Raised when a field changes its meaning or goes; new fields do not raise it. */
export const RESULT_SCHEMA_VERSION = 1;

/**
 * What `--json` prints and an exported baseline holds. `schema/result.schema.json` describes the same to programs.
 * Times are ISO 8601 in UTC; every number is as it is stored.
 */
export interface ResultDocument {
  readonly schemaVersion: typeof RESULT_SCHEMA_VERSION;
  readonly run: ResultRun;
  /** The run of the baselines, where two runs are compared. */
  readonly baselineRun?: ResultRun;
  readonly comparisons?: readonly ResultComparison[];
  readonly gates?: readonly ResultGate[];
  /** In `show --json`: who used which ports and what waited where, each at its fullest in each trial. */
  readonly peaks?: RunPeaks;
}

export interface ResultRun {
  readonly id: string;
  readonly scenario: string;
  readonly state: RunState;
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly seed: number;
  readonly churnlabVersion: string;
  readonly fingerprint: string | null;
  readonly tags: Readonly<Record<string, string>>;
  /** Facts of the environment, by key. */
  readonly environment: Readonly<Record<string, string>>;
  readonly plannedTrials: number;
  readonly variants: readonly ResultVariant[];
  /** The last attempt of every trial, in the order they ran. */
  readonly trials: readonly ResultTrial[];
  /** The attempts before those: kept, not compared. */
  readonly earlierAttempts: readonly ResultTrial[];
  /** What the port model predicts exactly, and what the completed trials showed. */
  readonly predictions: readonly ResultPrediction[];
  /** Of every metric that a trial measured, without its role. */
  readonly metrics: Readonly<Record<string, Pick<MetricDescription, "unit" | "better">>>;
}

export interface ResultPrediction {
  readonly variant: string;
  readonly role: Role;
  readonly metric: string;
  readonly predicted: number | "never";
  /** One for each completed trial, in block order; null where it was not measured. */
  readonly observed: readonly (number | "never" | null)[];
  /** Relative; 0.03 = 3 %. */
  readonly tolerance: number;
  /** Whether every trial that measured it agrees; null where none did. */
  readonly agrees: boolean | null;
}

export interface ResultVariant {
  readonly name: string;
  readonly baseline: boolean;
  /** The sysctls it asks for, by role and name. */
  readonly sysctls: Readonly<Partial<Record<Role, Readonly<Record<string, string>>>>>;
  /** What else it asks for, as flat facts (`scenario.workload.closer`), each value as JSON. */
  readonly scenario: Readonly<Record<string, string>>;
}

export interface ResultTrial {
  readonly id: number;
  /** From 1. */
  readonly attempt: number;
  readonly variant: string;
  readonly replicate: number;
  readonly block: number;
  readonly state: TrialState;
  readonly phase: string | null;
  readonly code: string | null;
  readonly reason: string | null;
  readonly engine: string | null;
  /** Who closed first, as both kernels counted it; null where that is not known, or nobody did. */
  readonly closer: SeenCloser | null;
  readonly startedAt: string;
  readonly measureMs: number;
  /** Facts of its environment, and the engine. */
  readonly facts: Readonly<Record<string, string>>;
  readonly warnings: readonly Warning[];
  /** By `role.metric`. */
  readonly measurements: Readonly<Record<string, number>>;
  readonly failures: readonly FailureRecord[];
  readonly sysctls: readonly SysctlRecord[];
}

export interface ResultComparison {
  readonly baseline: string;
  readonly variant: string;
  /** Whether the two environments agree in all that was not meant to differ; if not, no metric has a verdict. */
  readonly comparable: boolean;
  readonly differences: readonly FingerprintDifference[];
  readonly metrics: readonly ResultMetric[];
}

export interface ResultMetric {
  readonly role: Role;
  readonly metric: string;
  readonly unit: string;
  readonly better: MetricDescription["better"];
  readonly n: number;
  readonly baselineMedian: number | null;
  readonly variantMedian: number | null;
  /** Relative change, 0.1 = +10 %, with its 90 % interval. Only a `better` or `worse` verdict claims it. */
  readonly effect: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly p: number | null;
  readonly verdict: StoredVerdict;
  readonly reason: string;
  readonly warnings: readonly ComparisonWarning[];
}

export interface ResultGate {
  readonly metric: string;
  readonly variant: string | null;
  readonly bound: Gate["bound"];
  readonly outcome: GateOutcome;
  /** Why an `invalid` gate could not be judged; null of all others. */
  readonly cause: GateCause | null;
  readonly reason: string;
}
