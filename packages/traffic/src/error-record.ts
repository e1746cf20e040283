import { ChurnError, type ErrorCode, isErrorCode } from "@churnlab/core";

/** An error on its way between threads or processes: neither structured cloning nor JSON keeps its class and fields. */
export interface ErrorRecord {
  /** Of an error for people. The other process may be of another version, whose codes this one does not all know. */
  readonly code: string | null;
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
  const code = "code" in error && isErrorCode(error.code) ? error.code : null;
  const hint = "hint" in error && typeof error.hint === "string" ? error.hint : null;
  const syscall = "syscall" in error && typeof error.syscall === "string" ? error.syscall : null;
  return { code, message, hint, stack, syscall };
}

/**
 * The error again. A system call that failed where the other side expected none to becomes a `ChurnError` of the given code,
 * with its stack as cause, and so does what has a code that is not known here; anything else without a code is a bug, and
 * stays a plain `Error` with that stack.
 */
export function reviveError(record: ErrorRecord, otherwise: ErrorCode): Error {
  const { code, message, hint, stack: cause, syscall } = record;
  if (code !== null || syscall !== null) {
    return new ChurnError(isErrorCode(code) ? code : otherwise, message, {
      ...(hint === null ? {} : { hint }),
      cause,
    });
  }
  const bug = new Error(message);
  if (cause !== null) bug.stack = cause;
  return bug;
}
