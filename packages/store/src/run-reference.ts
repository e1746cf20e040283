import { ChurnError, formatCount, suggestName } from "@churnlab/core";
import type { Database } from "better-sqlite3";
import { normaliseRunId } from "./run-id.ts";

/** A reference to a run as a person types it: `last`, `01KAM…`, `other.db#last~1`, `other.db`. */
export interface RunReference {
  /** The database file, null when the reference names none. */
  readonly file: string | null;
  readonly run: string;
}

/** Splits `file.db#run`; a file alone means its last run. */
export function splitRunReference(reference: string): RunReference {
  const hash = reference.lastIndexOf("#");
  if (hash >= 0) {
    return { file: reference.slice(0, hash), run: reference.slice(hash + 1) || "last" };
  }
  const isFile = reference.includes("/") || /\.(db|sqlite3?)$/.test(reference);
  return isFile ? { file: reference, run: "last" } : { file: null, run: reference };
}

/** The id of the run that `last`, `last~n`, an id or the beginning of one means. Throws `E_RUN_UNKNOWN`. */
export function resolveRun(db: Database, reference: string): string {
  const back = /^last(?:~(\d+))?$/.exec(reference);
  return back === null ? resolvePrefix(db, reference) : resolveLast(db, Number(back[1] ?? 0));
}

function resolveLast(db: Database, back: number): string {
  const runId = db
    .prepare<[number], string>(
      "SELECT run_id FROM run ORDER BY started_at DESC, id DESC LIMIT 1 OFFSET ?",
    )
    .pluck()
    .get(back);
  if (runId !== undefined) return runId;
  const count = db.prepare<[], number>("SELECT count(*) FROM run").pluck().get() as number;
  throw new ChurnError(
    "E_RUN_UNKNOWN",
    count === 0
      ? `${db.name} holds no run yet`
      : `There is no last~${back}: ${db.name} holds ${formatCount(count, "run")}`,
    { hint: count === 0 ? "Make one with `churnlab run <scenario>`." : LIST_HINT },
  );
}

const LIST_HINT = "`churnlab runs` lists them.";
const LISTED_MAX = 10;

function resolvePrefix(db: Database, typed: string): string {
  const prefix = normaliseRunId(typed);
  const ids = listIds(db);
  const matches = ids.filter((id) => id.startsWith(prefix));
  if (matches.length === 1 || matches[0] === prefix) return matches[0] as string;
  if (matches.length === 0) {
    const near = [
      ...(suggestName(typed.toLowerCase(), ["last"]) === null ? [] : ["last"]),
      ...ids.filter((id) => countDifferences(id, prefix) <= 2),
    ];
    throw new ChurnError("E_RUN_UNKNOWN", `No run in ${db.name} is called ${typed}`, {
      hint: near.length === 0 ? LIST_HINT : `Did you mean ${near.join(" or ")}?`,
    });
  }
  const rest = matches.length - LISTED_MAX;
  throw new ChurnError(
    "E_RUN_UNKNOWN",
    `${typed} is the beginning of ${matches.length} runs: ${matches.slice(0, LISTED_MAX).join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`,
    { hint: "Type more of the id." },
  );
}

function listIds(db: Database): string[] {
  return db.prepare<[], string>("SELECT run_id FROM run ORDER BY started_at, id").pluck().all();
}

/** Characters of `typed` that differ from the id, place by place; ids all have one length. */
function countDifferences(id: string, typed: string): number {
  if (typed.length !== id.length) return Number.POSITIVE_INFINITY;
  return Array.from(id).filter((character, i) => character !== typed[i]).length;
}

/** The row of a run by its whole id. Throws `E_RUN_UNKNOWN`. */
export function findRunRow(db: Database, runId: string): number {
  const row = db
    .prepare<[string], number>("SELECT id FROM run WHERE run_id = ?")
    .pluck()
    .get(runId);
  if (row === undefined) {
    throw new ChurnError("E_RUN_UNKNOWN", `No run in ${db.name} is called ${runId}`, {
      hint: LIST_HINT,
    });
  }
  return row;
}
