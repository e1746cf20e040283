import { ChurnError, type ErrorCode, isErrorCode } from "@churnlab/core";
import type { PageOrder } from "./page-order.ts";

/** An order on its way to the thread. */
export interface PageTask {
  /** The database. */
  readonly path: string;
  readonly order: PageOrder;
  /** Whether it is wanted compressed (gzip). */
  readonly zipped: boolean;
}

/** What became of it. */
export type PageAnswer =
  | { readonly kind: "built"; readonly bytes: Uint8Array }
  | { readonly kind: "failed"; readonly error: FailedPage };

/** An error between threads: structured cloning keeps no class and no fields of its own. */
export interface FailedPage {
  readonly code: ErrorCode | null;
  readonly message: string;
  readonly hint: string | null;
  readonly stack: string | null;
}

export function recordFailure(error: unknown): FailedPage {
  const { message, stack = null } = error instanceof Error ? error : new Error(String(error));
  if (!(error instanceof ChurnError)) return { code: null, message, hint: null, stack };
  return { code: error.code, message, hint: error.hint ?? null, stack };
}

/** The error again: what has no code is a bug, and stays one, with the thread's stack. */
export function reviveFailure({ code, message, hint, stack }: FailedPage): Error {
  if (isErrorCode(code)) {
    return new ChurnError(code, message, { ...(hint === null ? {} : { hint }), cause: stack });
  }
  const bug = new Error(message);
  if (stack !== null) bug.stack = stack;
  return bug;
}
