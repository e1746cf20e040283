import type { ResultPieceId } from "@churnlab/core";
import type { Database } from "better-sqlite3";
import { findRunRow } from "./run-reference.ts";

/** A piece that came when its attempt was over, as it was sent: a JSON document. */
export interface LateResultPiece extends ResultPieceId {
  readonly text: string;
}

/** Notes what an attempt's results were made of. Throws where one of the pieces is there already: then nothing is stored twice. */
export function insertPieces(
  db: Database,
  { run, trial }: { readonly run: number; readonly trial: number },
  pieces: readonly ResultPieceId[],
): void {
  const insert = db.prepare("INSERT INTO result_piece VALUES (?, ?, ?, ?, ?, ?, NULL)");
  for (const { trial: trialId, attempt, agent, piece } of pieces) {
    insert.run(run, trialId, attempt, agent, piece, trial);
  }
}

/** Whether a piece of an attempt's results is stored, or was kept as late. Throws `E_RUN_UNKNOWN`. */
export function hasPiece(db: Database, runId: string, id: ResultPieceId): boolean {
  const found = db
    .prepare(
      `SELECT 1 FROM result_piece
       WHERE run = ? AND trial_id = ? AND attempt = ? AND agent = ? AND piece = ?`,
    )
    .get(findRunRow(db, runId), id.trial, id.attempt, id.agent, id.piece);
  return found !== undefined;
}

/** 0: the run has no piece. */
export function findLastAttempt(db: Database, runId: string): number {
  const last = db
    .prepare<[number], number | null>("SELECT max(attempt) FROM result_piece WHERE run = ?")
    .pluck()
    .get(findRunRow(db, runId));
  return last ?? 0;
}

/** One transaction; a piece that is there already stays as it is. */
export function keepLatePieces(
  db: Database,
  runId: string,
  pieces: readonly LateResultPiece[],
): void {
  const insert = db.transaction(() => {
    const run = findRunRow(db, runId);
    const statement = db.prepare(
      "INSERT OR IGNORE INTO result_piece VALUES (?, ?, ?, ?, ?, NULL, ?)",
    );
    for (const { trial, attempt, agent, piece, text } of pieces) {
      statement.run(run, trial, attempt, agent, piece, text);
    }
  });
  insert.immediate();
}
