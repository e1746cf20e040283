import { ChurnError, ERROR_CODES, type ErrorCode } from "@churnlab/core";

/** An error on its way between threads: structured cloning keeps no class and no fields of its own. */
export interface ErrorRecord {
  readonly code: ErrorCode | null;
  readonly message: string;
  readonly hint: string | null;
  readonly stack: string | null;
}

export function recordError(error: unknown): ErrorRecord {
  if (!(error instanceof Error))
    return { code: null, message: String(error), hint: null, stack: null };
  const { message, stack = null } = error;
  // Not `instanceof`: a thread may have loaded its own copy of the class.
  const code =
    "code" in error && String(error.code) in ERROR_CODES ? (error.code as ErrorCode) : null;
  const hint = "hint" in error && typeof error.hint === "string" ? error.hint : null;
  return { code, message, hint, stack };
}

/** The error again; one that no person can fix becomes a `ChurnError` of the given code, with the thread's stack as cause. */
export function reviveError(record: ErrorRecord, fallback: ErrorCode): ChurnError {
  const cause = record.stack;
  const detail = { ...(record.hint === null ? {} : { hint: record.hint }), cause };
  return new ChurnError(record.code ?? fallback, record.message, detail);
}
