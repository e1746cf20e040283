import type { ResultPieceId, Trial } from "@churnlab/core";
import type { BinnedSeries } from "./bin-samples.ts";
import type { EventCount } from "./count-events.ts";
import type { HistoryFilter, HistoryRun } from "./load-history.ts";
import type { RunPeaks } from "./load-peaks.ts";
import type { LateResultPiece } from "./result-pieces.ts";
import type { EndedAttempt } from "./save-trial.ts";
import type { RunStart } from "./start-run.ts";
import type {
  ComparisonRow,
  EventFilter,
  RunState,
  RunSummary,
  SampleFilter,
  SampleSeries,
  StoredEvent,
  StoredRun,
  StoredTrial,
  VariantHistogram,
} from "./stored-run.ts";

/**
 * The one way to read a database: every number that a person sees comes through here. Methods throw `E_RUN_UNKNOWN`
 * for a run that is not there, `E_DATABASE` for a damaged file.
 */
export interface StoreReader extends Disposable {
  readonly path: string;
  /** Oldest first. */
  listRuns(): RunSummary[];
  /**
   * The id of the run a person means: `last`, `last~1` (the one before), an id, or the beginning of one.
   * Throws `E_RUN_UNKNOWN` when there is none, or more than one.
   */
  findRun(reference: string): string;
  loadRun(runId: string): StoredRun;
  /** One trial alone, for those who follow a run. Throws a `RangeError` when the run does not have it. */
  loadTrial(runId: string, trialId: number): StoredTrial;
  /** By trial, then as they were recorded. */
  loadEvents(runId: string, filter?: EventFilter): StoredEvent[];
  /** How often each kind of event was seen in each trial: for runs with more events than anybody reads. */
  countEvents(runId: string): EventCount[];
  /** Who used which local ports and what waited at which listener, each at its fullest. */
  loadPeaks(runId: string): RunPeaks;
  /** Merged over the completed trials of each variant, bucket by bucket. */
  loadHistograms(runId: string): VariantHistogram[];
  loadSamples(runId: string, filter?: SampleFilter): SampleSeries[];
  /** Samples as they are drawn: at most `binsMax` points a series, each the mean, min and max of its samples. */
  binSamples(runId: string, filter: SampleFilter & { readonly binsMax: number }): BinnedSeries[];
  /** One metric over the runs of a scenario, oldest first. */
  loadHistory(filter: HistoryFilter): HistoryRun[];
  close(): void;
}

/** A store that a run is recorded in. Methods throw `E_DISK` when the disk is full; what was saved before stays. */
export interface Store extends StoreReader {
  /** Returns the id of the new run. */
  startRun(start: RunStart): string;
  /**
   * Makes this process the owner of a run that has ended before its plan did, and returns it as it is then. The attempt
   * that its process was killed in is aborted. Throws `E_RESUME` for a run that goes on, is over, or that another
   * version of churnlab made.
   */
  resumeRun(runId: string, by: { readonly version: string }): StoredRun;
  /** Notes which attempt the run is in, so that it is known should its process be killed. */
  beginTrial(runId: string, trial: Trial, attempt: number): void;
  /**
   * One transaction: an attempt at a trial is in the database whole, or not at all. It counts in place of those before
   * it; attempts are numbered from 1.
   */
  saveAttempt(runId: string, ended: EndedAttempt): void;
  /** Whether the run has a piece of an agent's results, with an attempt or late. */
  hasPiece(runId: string, piece: ResultPieceId): boolean;
  /** The highest number by which a fleet knows an attempt that the run has a piece of; 0: it has none. */
  lastFleetAttempt(runId: string): number;
  /** Keeps pieces whose attempt was over when they came, each once. One transaction. */
  keepLatePieces(runId: string, pieces: readonly LateResultPiece[]): void;
  finishRun(runId: string, state: Exclude<RunState, "running">): void;
  /** Replaces all comparisons of the run. */
  saveComparisons(runId: string, rows: readonly ComparisonRow[]): void;
  /** Moves everything into the one file, without -wal and -shm beside it unless another process still reads. */
  close(): void;
}
