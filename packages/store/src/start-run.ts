import type { Environment } from "@churnlab/core";
import type { Database } from "better-sqlite3";
import { makeRunId } from "./run-id.ts";
import { describeOwner } from "./run-owner.ts";
import type { RunStart } from "./store.ts";

/** Inserts a run in state `running`, owned by this process; returns its id. */
export function startRun(db: Database, start: RunStart): string {
  const insert = db.transaction((): string => {
    const runId = drawUnusedId(db, start.startedAtUnixMs);
    const { lastInsertRowid: run } = db
      .prepare(
        `INSERT INTO run (run_id, scenario, started_at, state, owner, seed, planned_trials, churnlab_version,
           environment, source, resolved)
         VALUES (?, ?, ?, 'running', ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(
        runId,
        start.scenario.name,
        new Date(start.startedAtUnixMs).toISOString(),
        describeOwner(),
        start.plan.seed,
        start.plan.trials.length,
        start.version,
        start.environment === undefined ? null : saveEnvironment(db, start.environment),
        start.scenario.source,
        JSON.stringify({ ...start.scenario, source: undefined }),
      );
    const insertTag = db.prepare("INSERT INTO tag (run, name, value) VALUES (?, ?, ?)");
    for (const [name, value] of Object.entries(start.tags ?? {})) insertTag.run(run, name, value);
    return runId;
  });
  return insert.immediate();
}

function drawUnusedId(db: Database, unixMs: number): string {
  const taken = db.prepare("SELECT 1 FROM run WHERE run_id = ?");
  for (let aheadMs = 0; ; aheadMs += 100) {
    const runId = makeRunId(unixMs + aheadMs);
    if (taken.get(runId) === undefined) return runId;
  }
}

/** The row of these facts; equal facts share one. */
export function saveEnvironment(db: Database, { facts }: Environment): number {
  const sorted = Object.entries(facts).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const text = JSON.stringify(Object.fromEntries(sorted));
  db.prepare("INSERT INTO environment (facts) VALUES (?) ON CONFLICT DO NOTHING").run(text);
  return db.prepare("SELECT id FROM environment WHERE facts = ?").pluck().get(text) as number;
}
