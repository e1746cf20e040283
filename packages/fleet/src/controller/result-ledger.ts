import type { ResultPieceId } from "@churnlab/core";

/** A piece whose attempt was over when it came. */
export interface LatePiece extends ResultPieceId {
  /** The piece as it was sent. */
  readonly text: string;
}

/** Where it is noted, by who keeps the run, which pieces there are: each once, whatever controller asks. */
export interface ResultLedger {
  has(piece: ResultPieceId): boolean;
  /** The highest number of an attempt that the run has a piece of; 0: it has none. */
  lastAttempt(): number;
  /** All of them, or none. */
  keepLate(pieces: readonly LatePiece[]): void;
}
