import {
  type ErrorCode,
  type FailureRecord,
  type Measurement,
  ROLES,
  type Role,
  type Scenario,
  type SeenCloser,
  type SysctlRecord,
  type TrialPhase,
  type TrialState,
  type Warning,
} from "@churnlab/core";
import type { Database } from "better-sqlite3";
import { loadComparisons } from "./comparisons.ts";
import { loadSummary } from "./list-runs.ts";
import { findRunRow } from "./run-reference.ts";
import type { StoredRun, StoredTrial } from "./stored-run.ts";

/** Everything of a run but its events, histograms and samples. */
export function loadRun(db: Database, runId: string): StoredRun {
  const run = findRunRow(db, runId);
  const row = db
    .prepare<[number], { resolved: string; source: string; facts: string | null }>(
      `SELECT resolved, source, facts FROM run LEFT JOIN environment ON environment.id = run.environment
       WHERE run.id = ?`,
    )
    .get(run) as { resolved: string; source: string; facts: string | null };
  const resolved = { ...(JSON.parse(row.resolved) as Scenario), source: row.source };
  return {
    ...loadSummary(db, run),
    resolved,
    variantList: resolved.variants,
    ...loadTrials(db, run),
    environment: row.facts === null ? null : { facts: JSON.parse(row.facts) },
    comparisons: loadComparisons(db, run),
  };
}

interface TrialRow {
  readonly id: number;
  readonly trial_id: number;
  readonly attempt: number;
  readonly superseded: 0 | 1;
  readonly variant: string;
  readonly replicate: number;
  readonly block: number;
  readonly seed: number;
  readonly state: TrialState;
  readonly phase: TrialPhase | null;
  readonly code: ErrorCode | null;
  readonly reason: string | null;
  readonly engine: string | null;
  readonly engine_reason: string | null;
  readonly closer: SeenCloser | null;
  readonly started_at: string;
  readonly measure_ms: number;
  readonly environment: number | null;
}

/** The last attempt at one trial of a run. Throws `E_RUN_UNKNOWN`; a `RangeError` for a trial that the run does not have. */
export function loadTrial(db: Database, runId: string, trialId: number): StoredTrial {
  const [trial] = loadTrials(db, findRunRow(db, runId), trialId).trialList;
  if (trial === undefined) throw new RangeError(`run ${runId} has no trial ${trialId}`);
  return trial;
}

/** All trials of a run in their order, or the one with `trialId`. */
function loadTrials(
  db: Database,
  run: number,
  trialId: number | null = null,
): Pick<StoredRun, "trialList" | "earlierAttempts"> {
  const rows = db
    .prepare<TrialKey, TrialRow>(
      `SELECT id, trial_id, attempt, superseded, variant, replicate, block, seed, state, phase, code, reason, engine,
         engine_reason, closer, started_at, measure_ms, environment
       FROM trial WHERE ${OF_TRIALS} ORDER BY id`,
    )
    .all({ run, trialId });
  const warnings = loadWarnings(db, { run, trialId });
  const measurementsOf = measurementReader(db);
  const failures = loadFailures(db, { run, trialId });
  const sysctls = loadSysctls(db, { run, trialId });
  const environments = loadEnvironments(db, run);
  const readTrial = (row: TrialRow): StoredTrial => ({
    trialId: row.trial_id,
    attempt: row.attempt,
    variant: row.variant,
    replicate: row.replicate,
    block: row.block,
    seed: row.seed,
    state: row.state,
    phase: row.phase,
    code: row.code,
    reason: row.reason,
    engine: row.engine,
    engineReason: row.engine_reason,
    closer: row.closer,
    startedAtUnixMs: Date.parse(row.started_at),
    measureMs: row.measure_ms,
    warnings: warnings.get(row.id) ?? [],
    measurements: measurementsOf(row.id),
    failures: failures.get(row.id) ?? [],
    sysctls: sysctls.get(row.id) ?? [],
    environment: row.environment === null ? null : (environments.get(row.environment) ?? null),
  });
  return {
    trialList: rows.filter(({ superseded }) => superseded === 0).map(readTrial),
    earlierAttempts: rows.filter(({ superseded }) => superseded === 1).map(readTrial),
  };
}

interface TrialKey {
  readonly run: number;
  /** null: all. */
  readonly trialId: number | null;
}

const OF_TRIALS = "trial.run = :run AND (:trialId IS NULL OR trial.trial_id = :trialId)";

/**
 * Reads the measurements of one trial after the other: by far the most rows of a run. Role and metric come as one number,
 * as a text for each row would cost more than all the rest of it.
 */
function measurementReader(db: Database): (trial: number) => Measurement[] {
  const roles = ROLES.map((role, place) => `WHEN '${role}' THEN ${place}`).join(" ");
  const select = db
    .prepare<[number], [code: number, value: number]>(
      `SELECT metric * ${ROLES.length} + CASE role ${roles} END, value FROM measurement WHERE trial = ?`,
    )
    .raw();
  const keys = new Map(
    db
      .prepare<[], [number, string]>("SELECT id, name FROM metric")
      .raw()
      .all()
      .flatMap(([id, metric]) =>
        ROLES.map((role, place) => [id * ROLES.length + place, { role, metric }] as const),
      ),
  );
  return (trial) =>
    select.all(trial).map(([code, value]) => {
      const { role, metric } = keys.get(code) as { role: Role; metric: string };
      return { role, metric, value };
    });
}

function loadWarnings(db: Database, key: TrialKey): Map<number, Warning[]> {
  return groupByTrial<Warning>(
    db,
    key,
    `SELECT trial AS _trial, warning.code, warning.message FROM trial JOIN warning ON warning.trial = trial.id
     WHERE ${OF_TRIALS} ORDER BY trial, position`,
  );
}

function loadFailures(db: Database, key: TrialKey): Map<number, FailureRecord[]> {
  return groupByTrial<FailureRecord>(
    db,
    key,
    `SELECT trial AS _trial, step, errno, count, first_ms AS firstMs, last_ms AS lastMs
     FROM trial JOIN failure ON failure.trial = trial.id WHERE ${OF_TRIALS} ORDER BY trial, first_ms, step, errno`,
  );
}

function loadSysctls(db: Database, key: TrialKey): Map<number, SysctlRecord[]> {
  return groupByTrial<SysctlRecord>(
    db,
    key,
    `SELECT trial AS _trial, role, name, was, requested, effective
     FROM trial JOIN sysctl ON sysctl.trial = trial.id WHERE ${OF_TRIALS} ORDER BY trial, role, name`,
  );
}

/** Rows by the trial in their first column, which is left out of them. */
function groupByTrial<T>(db: Database, key: TrialKey, sql: string): Map<number, T[]> {
  const groups = new Map<number, T[]>();
  const rows = db.prepare<TrialKey, { _trial: number }>(sql);
  for (const { _trial, ...row } of rows.all(key)) {
    const group = groups.get(_trial);
    if (group === undefined) groups.set(_trial, [row as T]);
    else group.push(row as T);
  }
  return groups;
}

function loadEnvironments(
  db: Database,
  run: number,
): Map<number, { facts: Readonly<Record<string, string>> }> {
  const rows = db
    .prepare<[number], [number, string]>(
      "SELECT id, facts FROM environment WHERE id IN (SELECT environment FROM trial WHERE run = ?)",
    )
    .raw()
    .all(run);
  return new Map(rows.map(([id, facts]) => [id, { facts: JSON.parse(facts) }]));
}
