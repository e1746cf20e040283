import type { Role } from "@churnlab/core";
import type { Database } from "better-sqlite3";
import { digest } from "./fingerprint.ts";

/** One metric of one variant of a scenario, over all runs of it. */
export interface HistoryFilter {
  readonly scenario: string;
  readonly variant: string;
  readonly role: Role;
  readonly metric: string;
  /** Only runs with this tag `branch`; all when absent. */
  readonly branch?: string;
}

/** What one run says of it. */
export interface HistoryRun {
  readonly runId: string;
  readonly startedAtUnixMs: number;
  /** The tags of these names. */
  readonly commit: string | null;
  readonly branch: string | null;
  readonly fingerprint: string | null;
  /** Equal for runs whose scenario asked the same of the variant: load, phases, sysctls, target. */
  readonly scenarioHash: string;
  /** One per completed trial that measured it, in the order they ran; empty where none did. */
  readonly values: readonly number[];
}

interface HistoryRow {
  readonly run_id: string;
  readonly started_at: string;
  readonly commit_tag: string | null;
  readonly branch_tag: string | null;
  readonly fingerprint: string | null;
  readonly value: number | null;
}

/** Oldest first; only runs that have the variant's trials. */
export function loadHistory(db: Database, filter: HistoryFilter): HistoryRun[] {
  const rows = db
    .prepare<[Omit<HistoryFilter, "branch"> & { branch: string | null }], HistoryRow>(
      `SELECT run.run_id, run.started_at, run.fingerprint, measurement.value,
         (SELECT value FROM tag WHERE tag.run = run.id AND name = 'commit') AS commit_tag,
         (SELECT value FROM tag WHERE tag.run = run.id AND name = 'branch') AS branch_tag
       FROM run
         JOIN trial ON trial.run = run.id AND trial.variant = :variant AND trial.state = 'completed'
           AND trial.superseded = 0
         LEFT JOIN measurement ON measurement.trial = trial.id AND measurement.role = :role
           AND measurement.metric = (SELECT id FROM metric WHERE name = :metric)
       WHERE run.scenario = :scenario AND (:branch IS NULL OR branch_tag = :branch) ORDER BY run.started_at, run.id, trial.id`,
    )
    .all({ ...filter, branch: filter.branch ?? null });
  const scenarioHashes = hashScenarios(db, filter);
  const byRun = Map.groupBy(rows, (row) => row.run_id);
  return [...byRun.values()].map((group) => {
    const { run_id, started_at, commit_tag, branch_tag, fingerprint } = group[0] as HistoryRow;
    return {
      runId: run_id,
      startedAtUnixMs: Date.parse(started_at),
      commit: commit_tag,
      branch: branch_tag,
      fingerprint,
      scenarioHash: scenarioHashes.get(run_id) ?? "",
      values: group.map(({ value }) => value).filter((value) => value !== null),
    };
  });
}

/** By run: what the scenario, with every default filled in, asked of the variant. */
function hashScenarios(db: Database, { scenario, variant }: HistoryFilter): Map<string, string> {
  const specs = db
    .prepare<[Pick<HistoryFilter, "scenario" | "variant">], { run_id: string; spec: string }>(
      `SELECT run_id, one.value ->> '$.spec' AS spec FROM run, json_each(resolved, '$.variants') AS one
       WHERE scenario = :scenario AND one.value ->> '$.name' = :variant`,
    )
    .all({ scenario, variant });
  return new Map(specs.map(({ run_id, spec }) => [run_id, digest(spec)]));
}
