/**
 * Runs plans: phases, dispatch, recording. Receives agents and targets as arguments.
 *
 * @packageDocumentation
 */

export { armShards } from "./arm-shards.ts";
export * from "./read-progress.ts";
export type { Recorder } from "./recorder.ts";
export * from "./run-plan.ts";
export * from "./run-trial.ts";
