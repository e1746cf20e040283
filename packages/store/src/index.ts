/**
 * What a run leaves behind, in one SQLite file, and the one way to read it. Opened first, written by a run, read by
 * everything that shows a number.
 *
 * @packageDocumentation
 */

export type { BinnedSeries } from "./bin-samples.ts";
export type { EventCount } from "./count-events.ts";
export { collectFacts, listVaryingFacts } from "./fingerprint.ts";
export type { HistoryFilter, HistoryRun } from "./load-history.ts";
export type { RunPeaks } from "./load-peaks.ts";
export { APPLICATION_ID, SCHEMA_VERSION } from "./migrations.ts";
export { type OpenOptions, openStore } from "./open-store.ts";
export type { LateResultPiece } from "./result-pieces.ts";
export { checkResumable } from "./resume-run.ts";
export { type RunReference, splitRunReference } from "./run-reference.ts";
export type { EndedAttempt } from "./save-trial.ts";
export type { RunStart } from "./start-run.ts";
export type { Store, StoreReader } from "./store.ts";
export * from "./stored-run.ts";
