import { ChurnError, type ShardReport } from "@churnlab/core";
import type { ResultPiece } from "../messages/result-piece.ts";
import {
  piecesOfFailure,
  piecesOfReport,
  type ResultSpool,
  type SpoolOrigin,
} from "./result-spool.ts";

export interface LoadReporting {
  readonly spool: Pick<ResultSpool, "append">;
  /** Brings pieces to the controller; ends early when the signal is aborted. */
  readonly publish: (pieces: readonly ResultPiece[], signal: AbortSignal) => Promise<number>;
  /** One line for people. */
  readonly log: (line: string) => void;
}

/** A load that runs, and whose it is. */
export interface RunningLoad {
  readonly origin: SpoolOrigin;
  readonly load: Promise<ShardReport>;
  /** Aborted when nobody waits for its report any more. */
  readonly signal: AbortSignal;
}

/** Waits for a load to end, and brings its report, or why there is none, to the controller: from the disk, where that has room. */
export async function reportLoad(
  { origin, load, signal }: RunningLoad,
  reporting: LoadReporting,
): Promise<void> {
  const pieces = await load
    .then((report) => spoolReport(origin, report, reporting))
    .catch((error: unknown) => spoolFailure(origin, error, reporting));
  await reporting.publish(pieces, signal);
}

/** On the disk before it is sent; where that is full it is sent all the same, and says that nothing stood behind it. */
function spoolReport(
  origin: SpoolOrigin,
  report: ShardReport,
  { spool, log }: LoadReporting,
): readonly ResultPiece[] {
  const pieces = piecesOfReport(origin, report);
  try {
    spool.append(origin, pieces);
    return pieces;
  } catch (error) {
    if (!(error instanceof ChurnError)) throw error;
    const message = `${origin.agent}: ${error.message}`;
    log(message);
    const warnings = [...report.warnings, { code: "W_SPOOL_FULL", message } as const];
    return piecesOfReport(origin, { ...report, warnings });
  }
}

function spoolFailure(
  origin: SpoolOrigin,
  failure: unknown,
  { spool, log }: LoadReporting,
): readonly ResultPiece[] {
  const pieces = piecesOfFailure(origin, failure);
  try {
    spool.append(origin, pieces);
  } catch (error) {
    log(error instanceof Error ? error.message : String(error));
  }
  return pieces;
}
