import { getSystemErrorMessage } from "node:util";
import { type ErrnoName, nameErrno } from "@churnlab/core/errno";

/** A system call that failed. Has the fields of Node's own system errors, with `errno` positive as in C. */
export class SystemError extends Error {
  override readonly name = "SystemError";
  readonly code: ErrnoName;
  readonly errno: number;
  readonly syscall: string;

  constructor(syscall: string, errno: number, about?: string) {
    const subject = about === undefined ? syscall : `${syscall} (${about})`;
    super(`${subject}: ${nameErrno(errno)}, ${getSystemErrorMessage(-errno)}`);
    this.code = nameErrno(errno);
    this.errno = errno;
    this.syscall = syscall;
  }
}

/** The errno name of a failure of ours or of Node's, undefined for anything else. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
