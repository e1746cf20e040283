import { ChurnError } from "@churnlab/core/errors";
import { openStore, type StoreReader } from "@churnlab/store";
import type { StoredWords } from "./describe-words.ts";

/** More than this nobody picks from; an older run is named by the beginning of its id. */
const RUNS_MAX = 50;
/** All trials of a run measure nearly the same, and a large run takes too long to load for a key press. */
const TRIALS_READ_MAX = 8;

/**
 * The names of the newest runs, newest first, or the metrics of the newest run, as `role.metric`. Nothing where there is no
 * database that can be read: a shell that completes a line has no place for an error.
 */
export function listStoredWords(what: StoredWords, file: string): string[] {
  try {
    using store = openStore(file, { mode: "read" });
    return what === "runs" ? listRunNames(store) : listMetricNames(store);
  } catch (error) {
    if (error instanceof ChurnError) return [];
    throw error;
  }
}

function listRunNames(store: StoreReader): string[] {
  const ids = store.listRuns().map(({ runId }) => runId);
  return ids.length === 0 ? [] : ["last", ...ids.toReversed().slice(0, RUNS_MAX)];
}

function listMetricNames(store: StoreReader): string[] {
  const newest = store.listRuns().at(-1);
  if (newest === undefined) return [];
  const ended = Object.values(newest.trials).reduce((sum, count) => sum + count, 0);
  const names = new Set<string>();
  for (let trialId = 1; trialId <= Math.min(ended, TRIALS_READ_MAX); trialId++) {
    for (const { role, metric } of store.loadTrial(newest.runId, trialId).measurements) {
      names.add(`${role}.${metric}`);
    }
  }
  return [...names].toSorted();
}
