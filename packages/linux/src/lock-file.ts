import { closeSync, constants, openSync } from "node:fs";
import { bindC, check } from "./libc.ts";
import { SystemError } from "./system-error.ts";

const { O_RDWR, O_CREAT, O_NOFOLLOW } = constants;
// include/uapi/asm-generic/fcntl.h
const LOCK_EX_NB = 0x2 | 0x4;

/**
 * Holds a file, made where it is missing, for this process alone: until it is disposed of, or the process ends in whatever way
 * (flock(2)). null: another has it. Throws what the system says of a file that cannot be opened.
 */
export function lockFile(path: string): Disposable | null {
  const flock = bindC<(fd: number, operation: number) => number>(
    "int flock(int fd, int operation)",
  );
  const fd = openSync(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0o600);
  try {
    check("flock", flock(fd, LOCK_EX_NB), path);
    return { [Symbol.dispose]: () => closeSync(fd) };
  } catch (error) {
    closeSync(fd);
    if (error instanceof SystemError && error.code === "EAGAIN") return null;
    throw error;
  }
}
