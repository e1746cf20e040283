import type { ListenerQueuesRecord, PortUseRecord } from "@churnlab/core";
import type { Database } from "better-sqlite3";
import { findRunRow } from "./run-reference.ts";

/** A record and the trial it belongs to. */
type OfTrial<T> = T & { readonly trialId: number; readonly variant: string };

/** Every tuple of ports and every listener of a run, each with its fullest moment in each trial. */
export interface RunPeaks {
  /** By trial, then those of most ports first. */
  readonly portUses: readonly OfTrial<PortUseRecord>[];
  /** By trial, then the deepest first. */
  readonly listenerQueues: readonly OfTrial<ListenerQueuesRecord>[];
}

/** The peaks of a run's trials: of each trial the attempt that counts. Throws `E_RUN_UNKNOWN`. */
export function loadPeaks(db: Database, runId: string): RunPeaks {
  const run = findRunRow(db, runId);
  return { portUses: loadPortUses(db, run), listenerQueues: loadListenerQueues(db, run) };
}

/** SQLite takes the other columns of a group from the row that has its maximum. */
function loadPortUses(db: Database, run: number): OfTrial<PortUseRecord>[] {
  return db
    .prepare<[number], OfTrial<Omit<PortUseRecord, "states">> & { readonly states: string }>(
      `SELECT trial.trial_id AS trialId, trial.variant, role, t_us / 1000.0 AS tMs, source, destination,
         port AS destinationPort, max(used) AS used, range, states
       FROM trial JOIN port_use ON port_use.trial = trial.id WHERE trial.run = ? AND trial.superseded = 0
       GROUP BY trial.id, role, source, destination, port
       ORDER BY trial.id, used DESC, role, source, destination, port`,
    )
    .all(run)
    .map((row) => ({ ...row, states: JSON.parse(row.states) }));
}

function loadListenerQueues(db: Database, run: number): OfTrial<ListenerQueuesRecord>[] {
  return db
    .prepare<[number], OfTrial<ListenerQueuesRecord>>(
      `SELECT trial.trial_id AS trialId, trial.variant, role, t_us / 1000.0 AS tMs, address,
         listener_queue.port, max(depth) AS depth, backlog AS "limit", syn_recv AS synReceived
       FROM trial JOIN listener_queue ON listener_queue.trial = trial.id WHERE trial.run = ? AND trial.superseded = 0
       GROUP BY trial.id, role, address, listener_queue.port
       ORDER BY trial.id, depth DESC, role, address, listener_queue.port`,
    )
    .all(run);
}
