import { ChurnError, ERROR_CODES, type ErrorCode } from "@churnlab/core";
import type { PlainError } from "./inside-messages.ts";

export function flattenError(error: unknown): PlainError {
  if (error instanceof ChurnError) {
    return { code: error.code, message: error.message, hint: error.hint ?? null };
  }
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { code: null, message, hint: null };
}

export function reviveError({ code, message, hint }: PlainError): Error {
  if (code === null || !Object.hasOwn(ERROR_CODES, code)) return new Error(message);
  return new ChurnError(code as ErrorCode, message, hint === null ? {} : { hint });
}
