import { ChurnError, ERROR_CODES, type ErrorCode } from "@churnlab/core";

/** An error on its way between threads: structured cloning keeps no class and no fields of its own. */
export interface ErrorRecord {
  readonly code: ErrorCode | null;
  readonly message: string;
  readonly hint: string | null;
  readonly stack: string | null;
  /** The system call that failed, where it is one; `SystemError` and Node's own have it. */
  readonly syscall: string | null;
}

/** Whatever was thrown, as plain data; `reviveError` makes an error of it again. */
export function recordError(error: unknown): ErrorRecord {
  if (!(error instanceof Error))
    return { code: null, message: String(error), hint: null, stack: null, syscall: null };
  const { message, stack = null } = error;
  // Not `instanceof`: a thread may have loaded its own copy of the class.
  const code =
    "code" in error && String(error.code) in ERROR_CODES ? (error.code as ErrorCode) : null;
  const hint = "hint" in error && typeof error.hint === "string" ? error.hint : null;
  const syscall = "syscall" in error && typeof error.syscall === "string" ? error.syscall : null;
  return { code, message, hint, stack, syscall };
}

/**
 * The error again. A system call that failed where the other thread expected none to becomes a `ChurnError` of the given code,
 * with the thread's stack as cause; anything else without a code is a bug, and stays a plain `Error` with that stack.
 */
export function reviveError(record: ErrorRecord, ofSystemCalls: ErrorCode): Error {
  const { code, message, hint, stack: cause, syscall } = record;
  const known = code ?? (syscall === null ? null : ofSystemCalls);
  if (known !== null) {
    return new ChurnError(known, message, { ...(hint === null ? {} : { hint }), cause });
  }
  const bug = new Error(message);
  if (cause !== null) bug.stack = cause;
  return bug;
}
