import type { ErrorCode } from "./errors.ts";
import type { HistogramRecord } from "./histogram.ts";
import type { Measurement } from "./measurement.ts";
import type {
  Environment,
  ListenerQueuesRecord,
  PortUseRecord,
  Sample,
  SysctlRecord,
  TrialEvent,
} from "./observation.ts";
import type { TrialSpec } from "./scenario.ts";
import type { FailureRecord, Tally } from "./tally.ts";
import type { Warning } from "./warnings.ts";

/** The phases of a trial, in order (after RFC 2544 §23). */
export const TRIAL_PHASES = ["prepare", "warm-up", "measure", "drain", "restore"] as const;
export type TrialPhase = (typeof TRIAL_PHASES)[number];

/** One variant, run once. */
export interface Trial {
  readonly id: number;
  readonly variant: string;
  readonly replicate: number;
  /** Trials of one block run back to back, in random order. */
  readonly block: number;
  /** Seed of everything random inside the trial. */
  readonly seed: number;
  readonly spec: TrialSpec;
}

/** All trials of a scenario in the order they run. */
export interface Plan {
  readonly scenario: string;
  readonly seed: number;
  readonly trials: readonly Trial[];
}

/** Who closed first in a trial, as the kernels of both sides counted it; `mixed`: neither side nearly always. */
export const SEEN_CLOSERS = ["client", "server", "mixed"] as const;
export type SeenCloser = (typeof SEEN_CLOSERS)[number];

/** What was seen in a trial, whatever became of it. Empty lists where nothing was reached. */
export interface TrialRecord {
  readonly tally: Tally;
  readonly failures: readonly FailureRecord[];
  readonly histograms: readonly HistogramRecord[];
  readonly samples: readonly Sample[];
  readonly events: readonly TrialEvent[];
  readonly portUses: readonly PortUseRecord[];
  readonly listenerQueues: readonly ListenerQueuesRecord[];
  readonly sysctls: readonly SysctlRecord[];
  readonly measurements: readonly Measurement[];
  readonly environment: Environment | null;
  readonly engine: string | null;
  /** Why this engine and not a faster one. */
  readonly engineReason: string | null;
  /** Null where no TIME_WAIT was entered, or one of the kernels was not seen. */
  readonly closer: SeenCloser | null;
  readonly startedAtUnixMs: number;
  readonly measureMs: number;
  readonly warnings: readonly Warning[];
}

/** How a trial can end; `degraded`: a soak that lost an agent and went on with the others. */
export const TRIAL_STATES = ["completed", "degraded", "failed", "invalid", "aborted"] as const;
export type TrialState = (typeof TRIAL_STATES)[number];

/** How a trial ended. Only a completed trial may be compared. */
export type TrialOutcome =
  | { readonly state: "completed"; readonly record: TrialRecord }
  | {
      readonly state: "degraded";
      readonly record: TrialRecord;
      readonly reason: string;
    }
  | {
      readonly state: "invalid";
      readonly record: TrialRecord;
      readonly reason: string;
    }
  | {
      readonly state: "failed";
      readonly record: TrialRecord;
      readonly phase: TrialPhase;
      readonly code: ErrorCode;
      readonly message: string;
    }
  | {
      readonly state: "aborted";
      readonly record: TrialRecord;
      /** null: not known, as its process was killed. */
      readonly phase: TrialPhase | null;
      /** Absent: a person ended it. */
      readonly reason?: string;
    };
