import { ERRNO } from "@churnlab/core/errno";
import { O_RDONLY_CLOEXEC } from "./file-abi.ts";
import { errno, libc } from "./libc.ts";
import { SystemError } from "./system-error.ts";

/**
 * A file of a namespace's /proc/net that is opened once and read again and again, from anywhere. Its descriptor
 * keeps the namespace alive until closed.
 */
export class ProcNetFile implements Disposable {
  #buffer: Buffer = Buffer.alloc(8192);
  readonly #fd: number;
  readonly #path: string;
  #open = true;

  /**
   * Below /proc/thread-self/net it is of the namespace the caller is in, below /proc/<pid>/net of that process.
   * Throws `SystemError`, with ENOENT where this kernel has no such file.
   */
  constructor(name: string, directory: string) {
    this.#path = `${directory}/${name}`;
    this.#fd = libc().open(this.#path, O_RDONLY_CLOEXEC, 0);
    if (this.#fd === -1) throw new SystemError("open", errno(), this.#path);
  }

  /** The content of now. The memory is used again by the next call. Throws `SystemError`, also once it is closed. */
  read(): Buffer {
    // Its number may be that of another file by now.
    if (!this.#open) throw new SystemError("pread", ERRNO.EBADF, this.#path);
    for (;;) {
      const length = libc().pread(this.#fd, this.#buffer, this.#buffer.length, 0);
      if (length === -1) throw new SystemError("pread", errno(), this.#path);
      if (length < this.#buffer.length) return this.#buffer.subarray(0, length);
      this.#buffer = Buffer.alloc(this.#buffer.length * 2);
    }
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    libc().close(this.#fd);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** The same, or undefined where this kernel has no such file. */
export function openProcNetFile(name: string, directory: string): ProcNetFile | undefined {
  try {
    return new ProcNetFile(name, directory);
  } catch (error) {
    if (error instanceof SystemError && error.code === "ENOENT") return undefined;
    throw error;
  }
}
