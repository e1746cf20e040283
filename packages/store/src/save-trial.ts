import {
  countHistogram,
  LATENCY_QUANTILES,
  nameMetric,
  quantileUs,
  type ResultPieceId,
  type Trial,
  type TrialOutcome,
  type TrialRecord,
} from "@churnlab/core";
import type { Database } from "better-sqlite3";
import { collectFacts, hashFacts } from "./fingerprint.ts";
import { encodeBuckets } from "./histogram-blob.ts";
import { MetricIds } from "./metric-ids.ts";
import { insertPieces } from "./result-pieces.ts";
import { findRunRow } from "./run-reference.ts";
import { saveEnvironment } from "./save-environment.ts";
import { saveSamples } from "./save-samples.ts";

/** One attempt at a trial, and how it ended. */
export interface EndedAttempt {
  readonly trial: Trial;
  readonly outcome: TrialOutcome;
  /** From 1. */
  readonly attempt: number;
  /** Of agents' results that it was made of; absent: none came over a fleet. */
  readonly pieces?: readonly ResultPieceId[];
}

/** Writes everything of an attempt in one transaction; from then on it counts, and not those before it. */
export function saveTrial(db: Database, runId: string, ended: EndedAttempt): void {
  const insert = db.transaction(() => {
    const run = findRunRow(db, runId);
    const metrics = new MetricIds(db);
    const id = insertTrial(db, run, ended);
    insertPieces(db, { run, trial: id }, ended.pieces ?? []);
    const { record } = ended.outcome;
    insertWarnings(db, id, record);
    insertMeasurements(db, id, { record, metrics });
    insertFailures(db, id, record);
    insertSysctls(db, id, record);
    insertEvents(db, id, record);
    insertPortUses(db, id, record);
    insertListenerQueues(db, id, record);
    insertHistograms(db, id, record);
    saveSamples(db, id, { samples: record.samples, metrics });
  });
  insert.immediate();
}

function insertTrial(db: Database, run: number, { trial, outcome, attempt }: EndedAttempt): number {
  const { record } = outcome;
  db.prepare("UPDATE trial SET superseded = 1 WHERE run = ? AND trial_id = ?").run(run, trial.id);
  db.prepare("DELETE FROM current_attempt WHERE run = ?").run(run);
  const environment = record.environment === null ? null : saveEnvironment(db, record.environment);
  if (environment !== null) describeRun(db, run, { record, environment });
  const { lastInsertRowid } = db
    .prepare(
      `INSERT INTO trial (run, trial_id, attempt, variant, replicate, block, seed, state, phase, code, reason, engine,
         engine_reason, closer, started_at, measure_ms, environment)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .run(
      run,
      trial.id,
      attempt,
      trial.variant,
      trial.replicate,
      trial.block,
      trial.seed,
      ...describeEnd(outcome),
      record.engine,
      record.engineReason,
      record.closer,
      new Date(record.startedAtUnixMs).toISOString(),
      record.measureMs,
      environment,
    );
  return Number(lastInsertRowid);
}

/** The first trial that knows where it ran says it for the run. */
function describeRun(
  db: Database,
  run: number,
  { record, environment }: { record: TrialRecord; environment: number },
): void {
  const { resolved, fingerprint } = db
    .prepare<[number], { resolved: string; fingerprint: string | null }>(
      "SELECT resolved, fingerprint FROM run WHERE id = ?",
    )
    .get(run) as { resolved: string; fingerprint: string | null };
  if (fingerprint !== null) return;
  db.prepare(
    "UPDATE run SET environment = coalesce(environment, ?), fingerprint = ? WHERE id = ?",
  ).run(environment, hashFacts(collectFacts([record]), JSON.parse(resolved)), run);
}

/** state, phase, code, reason */
function describeEnd(outcome: TrialOutcome): [string, string | null, string | null, string | null] {
  const phase = "phase" in outcome ? outcome.phase : null;
  const code = outcome.state === "failed" ? outcome.code : null;
  return [outcome.state, phase, code, explainEnd(outcome)];
}

function explainEnd(outcome: TrialOutcome): string | null {
  if ("reason" in outcome) return outcome.reason ?? null;
  return outcome.state === "failed" ? outcome.message : null;
}

function insertWarnings(db: Database, trial: number, { warnings }: TrialRecord): void {
  const insert = db.prepare("INSERT INTO warning VALUES (?, ?, ?, ?)");
  warnings.forEach(({ code, message }, position) => insert.run(trial, position, code, message));
}

function insertMeasurements(
  db: Database,
  trial: number,
  { record, metrics }: { record: TrialRecord; metrics: MetricIds },
): void {
  const insert = db.prepare("INSERT INTO measurement VALUES (?, ?, ?, ?)");
  for (const { role, metric, value } of record.measurements) {
    if (!Number.isFinite(value))
      throw new Error(`${nameMetric({ role, metric })} of a trial is ${value}`);
    insert.run(trial, role, metrics.idOf(metric), value);
  }
}

function insertFailures(db: Database, trial: number, { failures }: TrialRecord): void {
  const insert = db.prepare("INSERT INTO failure VALUES (?, ?, ?, ?, ?, ?)");
  for (const { step, errno, count, firstMs, lastMs } of failures) {
    insert.run(trial, step, errno, count, firstMs, lastMs);
  }
}

function insertSysctls(db: Database, trial: number, { sysctls }: TrialRecord): void {
  const insert = db.prepare("INSERT INTO sysctl VALUES (?, ?, ?, ?, ?, ?)");
  for (const { role, name, was, requested, effective } of sysctls) {
    insert.run(trial, role, name, was, requested, effective);
  }
}

function insertEvents(db: Database, trial: number, { events }: TrialRecord): void {
  const insert = db.prepare("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?)");
  events.forEach(({ role, tMs, kind, detail }, position) =>
    insert.run(trial, position, role, tMs, kind, JSON.stringify(detail)),
  );
}

const US_PER_MS = 1000;

function insertPortUses(db: Database, trial: number, { portUses }: TrialRecord): void {
  const insert = db.prepare("INSERT INTO port_use VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
  for (const { role, tMs, source, destination, destinationPort, used, range, states } of portUses) {
    const tUs = Math.round(tMs * US_PER_MS);
    const counts = JSON.stringify(states);
    insert.run(trial, role, tUs, source, destination, destinationPort, used, range, counts);
  }
}

function insertListenerQueues(db: Database, trial: number, { listenerQueues }: TrialRecord): void {
  const insert = db.prepare("INSERT INTO listener_queue VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
  for (const { role, tMs, address, port, depth, limit, synReceived } of listenerQueues) {
    const tUs = Math.round(tMs * US_PER_MS);
    insert.run(trial, role, tUs, address, port, depth, limit, synReceived);
  }
}

/** Latencies are seen by the client. */
function insertHistograms(db: Database, trial: number, { histograms }: TrialRecord): void {
  const insert = db.prepare(
    "INSERT INTO histogram VALUES (?, 'client', ?, ?, ?, ?, ?, ?, ?, ?, ?)",
  );
  for (const histogram of histograms) {
    const shares = [0, ...LATENCY_QUANTILES.map(({ share }) => share)];
    const quantiles = shares.map((share) => quantileUs(histogram, share));
    insert.run(
      trial,
      histogram.metric,
      encodeBuckets(histogram),
      countHistogram(histogram),
      ...quantiles,
    );
  }
}
