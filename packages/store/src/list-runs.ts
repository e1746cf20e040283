import { TRIAL_STATES, type TrialState } from "@churnlab/core";
import type { Database } from "better-sqlite3";
import { isOwnerAlive } from "./run-owner.ts";
import type { RunState, RunSummary } from "./stored-run.ts";

interface RunRow {
  readonly id: number;
  readonly run_id: string;
  readonly scenario: string;
  readonly state: RunState;
  readonly owner: string | null;
  readonly started_at: string;
  readonly ended_at: string | null;
  readonly seed: number;
  readonly churnlab_version: string;
  readonly fingerprint: string | null;
  readonly planned_trials: number;
  readonly variants: number;
}

const SELECT_RUNS = `
  SELECT id, run_id, scenario, state, owner, started_at, ended_at, seed, churnlab_version, fingerprint,
    planned_trials, json_array_length(resolved, '$.variants') AS variants
  FROM run`;

/** Oldest first. */
export function listRuns(db: Database): RunSummary[] {
  const rows = db.prepare<[], RunRow>(`${SELECT_RUNS} ORDER BY started_at, id`).all();
  return rows.map((row) => summariseRun(db, row));
}

/** One run by its row's id, of which there must be one. */
export function loadSummary(db: Database, run: number): RunSummary {
  const row = db.prepare<[number], RunRow>(`${SELECT_RUNS} WHERE id = ?`).get(run);
  return summariseRun(db, row as RunRow);
}

function summariseRun(db: Database, row: RunRow): RunSummary {
  return {
    runId: row.run_id,
    scenario: row.scenario,
    state: readState(row),
    startedAtUnixMs: Date.parse(row.started_at),
    endedAtUnixMs: row.ended_at === null ? null : Date.parse(row.ended_at),
    seed: row.seed,
    churnlabVersion: row.churnlab_version,
    fingerprint: row.fingerprint,
    tags: loadTags(db, row.id),
    variants: row.variants,
    plannedTrials: row.planned_trials,
    trials: countTrials(db, row.id),
  };
}

/** A run whose process has gone without ending it was aborted, whatever its row still says. */
function readState({ state, owner }: RunRow): RunState {
  return state === "running" && (owner === null || !isOwnerAlive(owner)) ? "aborted" : state;
}

/** Writes down what `readState` sees, so that plain SQL sees it too. */
export function markAbandonedRuns(db: Database): void {
  const running = db.prepare<[], RunRow>(`${SELECT_RUNS} WHERE state = 'running'`).all();
  const update = db.prepare("UPDATE run SET state = 'aborted', owner = NULL WHERE id = ?");
  for (const row of running) if (readState(row) === "aborted") update.run(row.id);
}

function loadTags(db: Database, run: number): Record<string, string> {
  const rows = db
    .prepare<[number], [string, string]>("SELECT name, value FROM tag WHERE run = ? ORDER BY name")
    .raw()
    .all(run);
  return Object.fromEntries(rows);
}

function countTrials(db: Database, run: number): Record<TrialState, number> {
  const rows = db
    .prepare<[number], [TrialState, number]>(
      "SELECT state, count(*) FROM trial WHERE run = ? AND superseded = 0 GROUP BY state",
    )
    .raw()
    .all(run);
  const none = Object.fromEntries(TRIAL_STATES.map((state) => [state, 0]));
  return { ...none, ...Object.fromEntries(rows) } as Record<TrialState, number>;
}
