import type { Environment, Plan, Scenario } from "@churnlab/core";
import type { Database } from "better-sqlite3";
import { makeRunId } from "./run-id.ts";
import { describeOwner } from "./run-owner.ts";
import { saveEnvironment } from "./save-environment.ts";

/** What is known of a run before its first trial. */
export interface RunStart {
  readonly scenario: Scenario;
  readonly plan: Plan;
  /** Of churnlab. */
  readonly version: string;
  readonly startedAtUnixMs: number;
  /** Where it runs, if known yet; else that of the first trial which has one. */
  readonly environment?: Environment;
  /** `commit`, `branch`, or what the user chose. */
  readonly tags?: Readonly<Record<string, string>>;
}

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
