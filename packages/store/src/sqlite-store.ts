import type { ResultPieceId, Trial } from "@churnlab/core";
import type { Database } from "better-sqlite3";
import { type BinnedSeries, binSamples } from "./bin-samples.ts";
import { saveComparisons } from "./comparisons.ts";
import { countEvents, type EventCount } from "./count-events.ts";
import { finishRun } from "./finish-run.ts";
import { listRuns } from "./list-runs.ts";
import { loadEvents } from "./load-events.ts";
import { loadHistograms } from "./load-histograms.ts";
import { type HistoryFilter, type HistoryRun, loadHistory } from "./load-history.ts";
import { loadPeaks, type RunPeaks } from "./load-peaks.ts";
import { loadRun, loadTrial } from "./load-run.ts";
import { loadSamples } from "./load-samples.ts";
import {
  findLastAttempt,
  hasPiece,
  keepLatePieces,
  type LateResultPiece,
} from "./result-pieces.ts";
import { beginTrial, resumeRun } from "./resume-run.ts";
import { resolveRun } from "./run-reference.ts";
import { type EndedAttempt, saveTrial } from "./save-trial.ts";
import { explainSqliteError } from "./sqlite-errors.ts";
import { type RunStart, startRun } from "./start-run.ts";
import type { Store } from "./store.ts";
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

/** Gives every function over the open database one place where SQLite's errors become a person's. */
export class SqliteStore implements Store {
  readonly path: string;
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
    this.path = db.name;
  }

  startRun(start: RunStart): string {
    return this.#explain(() => startRun(this.#db, start));
  }

  resumeRun(runId: string, by: { readonly version: string }): StoredRun {
    this.#explain(() => resumeRun(this.#db, runId, by));
    return this.loadRun(runId);
  }

  beginTrial(runId: string, trial: Trial, attempt: number): void {
    this.#explain(() => beginTrial(this.#db, runId, { trial, attempt }));
  }

  saveAttempt(runId: string, ended: EndedAttempt): void {
    this.#explain(() => saveTrial(this.#db, runId, ended));
    moveIntoFile(this.#db);
  }

  hasPiece(runId: string, piece: ResultPieceId): boolean {
    return this.#explain(() => hasPiece(this.#db, runId, piece));
  }

  lastFleetAttempt(runId: string): number {
    return this.#explain(() => findLastAttempt(this.#db, runId));
  }

  keepLatePieces(runId: string, pieces: readonly LateResultPiece[]): void {
    this.#explain(() => keepLatePieces(this.#db, runId, pieces));
  }

  finishRun(runId: string, state: Exclude<RunState, "running">): void {
    this.#explain(() => finishRun(this.#db, runId, state));
  }

  saveComparisons(runId: string, rows: readonly ComparisonRow[]): void {
    this.#explain(() => saveComparisons(this.#db, runId, rows));
  }

  listRuns(): RunSummary[] {
    return this.#explain(() => listRuns(this.#db));
  }

  findRun(reference: string): string {
    return this.#explain(() => resolveRun(this.#db, reference));
  }

  loadRun(runId: string): StoredRun {
    // One read transaction: a run that is being written is seen at one moment, not trial by trial.
    return this.#explain(() => this.#db.transaction(() => loadRun(this.#db, runId))());
  }

  loadTrial(runId: string, trialId: number): StoredTrial {
    return this.#explain(() => this.#db.transaction(() => loadTrial(this.#db, runId, trialId))());
  }

  loadEvents(runId: string, filter: EventFilter = {}): StoredEvent[] {
    return this.#explain(() => loadEvents(this.#db, runId, filter));
  }

  countEvents(runId: string): EventCount[] {
    return this.#explain(() => countEvents(this.#db, runId));
  }

  loadPeaks(runId: string): RunPeaks {
    return this.#explain(() => loadPeaks(this.#db, runId));
  }

  loadHistograms(runId: string): VariantHistogram[] {
    return this.#explain(() => loadHistograms(this.#db, runId));
  }

  loadSamples(runId: string, filter: SampleFilter = {}): SampleSeries[] {
    return this.#explain(() => loadSamples(this.#db, runId, filter));
  }

  binSamples(runId: string, filter: SampleFilter & { readonly binsMax: number }): BinnedSeries[] {
    return this.#explain(() => binSamples(this.#db, runId, filter));
  }

  loadHistory(filter: HistoryFilter): HistoryRun[] {
    return this.#explain(() => loadHistory(this.#db, filter));
  }

  close(): void {
    if (!this.#db.open) return;
    try {
      if (!this.#db.readonly) this.#explain(() => leaveOneFile(this.#db));
    } finally {
      this.#db.close();
    }
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #explain<T>(action: () => T): T {
    try {
      return action();
    } catch (error) {
      throw explainSqliteError(error, this.path);
    }
  }
}

/**
 * Keeps the WAL as small as one trial. When a trial does not fit on the disk, what it left in the WAL then holds no
 * space that the trials before it need.
 */
function moveIntoFile(db: Database): void {
  try {
    db.pragma("wal_checkpoint(PASSIVE)");
  } catch {
    // The trial is safe in the WAL; the next checkpoint moves it.
  }
}

/**
 * Moves the WAL into the file and leaves WAL mode. While another process reads, SQLite refuses that; then the file
 * stays in WAL mode, and whoever closes it last removes the -wal.
 */
function leaveOneFile(db: Database): void {
  db.pragma("busy_timeout = 500");
  db.pragma("wal_checkpoint(TRUNCATE)");
  try {
    db.pragma("journal_mode = DELETE");
  } catch (error) {
    if ((error as { code?: string }).code !== "SQLITE_BUSY") throw error;
  }
}
