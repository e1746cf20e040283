import { ERROR_CODES, type ErrorCode } from "@churnlab/core/errors";

/** What a command's exit status means. `docs/cli.md` lists the same. */
export const EXIT = {
  ok: 0,
  bug: 1,
  usage: 2,
  preflight: 3,
  broken: 4,
  notComparable: 5,
  gateFailed: 99,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export function exitCodeOf(code: ErrorCode): ExitCode {
  return ERROR_CODES[code].exit;
}
