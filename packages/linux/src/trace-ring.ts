import { readdirSync, readFileSync } from "node:fs";
import { ERRNO } from "@churnlab/core/errno";
import { errno, libc } from "./libc.ts";
import { SystemError } from "./system-error.ts";
import {
  parseTracePageFormat,
  type TraceEventVisitor,
  type TracePageFormat,
  visitTracePage,
} from "./trace-page.ts";
import type { TraceInstance } from "./tracefs.ts";

const O_RDONLY_NONBLOCK_CLOEXEC = 0x8_0800;

/**
 * The events of a trace instance as the kernel has them in memory, one buffer per processor: text would cost the kernel and
 * us a hundred times as much. Closed with the instance.
 */
export class TraceRing {
  /** The page that is visited: visitors read its events here. */
  readonly view: DataView;
  readonly #path: string;
  readonly #cpus: readonly string[];
  readonly #fds: readonly number[];
  readonly #format: TracePageFormat;
  readonly #page: Buffer;

  /** Throws `SystemError`. */
  constructor(instance: TraceInstance) {
    this.#path = instance.path;
    this.#format = parseTracePageFormat(readFileSync(`${this.#path}/events/header_page`, "utf8"));
    this.#page = Buffer.alloc(this.#format.bytes);
    this.view = new DataView(this.#page.buffer, this.#page.byteOffset, this.#page.length);
    this.#cpus = readdirSync(`${this.#path}/per_cpu`);
    this.#fds = this.#cpus.map((cpu) =>
      instance.open(`per_cpu/${cpu}/trace_pipe_raw`, O_RDONLY_NONBLOCK_CLOEXEC),
    );
  }

  /**
   * Visits what has come since the last call, the events of each processor in their order. Returns whether some were
   * overwritten before they were read; `readLost` says how many. Throws `SystemError`.
   */
  drain(visit: TraceEventVisitor): boolean {
    let missed = false;
    for (const fd of this.#fds) {
      while (this.#readPage(fd)) missed = visitTracePage(this.view, this.#format, visit) || missed;
    }
    return missed;
  }

  /** Events that were overwritten before they were read, on all processors, since the instance was made. */
  readLost(): number {
    return this.#cpus
      .map((cpu) => readFileSync(`${this.#path}/per_cpu/${cpu}/stats`, "utf8"))
      .flatMap((stats) => [...stats.matchAll(/^(?:overrun|dropped events): (\d+)$/gm)])
      .reduce((sum, [, count]) => sum + Number(count), 0);
  }

  /** One read gives one page at most, filled or not. */
  #readPage(fd: number): boolean {
    const length = libc().read(fd, this.#page, this.#page.length);
    if (length > 0) return true;
    if (length === 0 || errno() === ERRNO.EAGAIN) return false;
    throw new SystemError("read", errno(), "trace_pipe_raw");
  }
}
