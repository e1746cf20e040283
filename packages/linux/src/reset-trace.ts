import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { ERRNO } from "@churnlab/core/errno";
import { ChurnError } from "@churnlab/core/errors";
import { errno, libc } from "./libc.ts";
import {
  parseEndLine,
  parseResetLine,
  type TracedEnd,
  type TracedReset,
} from "./parse-reset-line.ts";
import { SystemError } from "./system-error.ts";
import { TraceInstance } from "./tracefs.ts";

const O_RDONLY_NONBLOCK_CLOEXEC = 0x8_0800;
/** A read of trace_pipe gives at most one page of text. */
const READ_BYTES = 16_384;
const BUFFER_KIB_PER_CPU = 4096;
const EVENTS = ["tcp_send_reset", "tcp_receive_reset"] as const;
/**
 * The event of a received reset does not tell the socket's state; the end that follows it does. Every connection ends, so
 * only ends from SYN_SENT, SYN_RECV, ESTABLISHED, FIN_WAIT1 and CLOSE_WAIT pass, which are never an orderly close. The
 * other three would be an event or two of every connection, and a reset without an end that passes was in one of them.
 */
const END_EVENT = "events/sock/inet_sock_set_state";
const END_FILTER = "newstate == 7 && protocol == 6 && (oldstate < 5 || oldstate == 8)";

/** What is known of the state that a received reset ended, where the kernel does not name it. */
export const UNNAMED_STATE = {
  /** No end passed the filter, so the socket had sent its FIN and waited for the rest of an orderly close. */
  CLOSING: "FIN_WAIT2, CLOSING or LAST_ACK",
  /** Before Linux 4.16 ends are not traced. */
  UNKNOWN: "unknown",
} as const;

export interface ResetTraceOptions {
  /** Local addresses of the trial's hosts: tracefs sees the whole machine, and resets of others are left out. */
  readonly addresses: Iterable<string>;
  /** What events can wait in for `drain`, for each processor; 4 MiB if absent, about 30 000 resets. */
  readonly bufferKibPerCpu?: number;
}

/**
 * The kernel's own reason for each reset, from the tracepoints tcp:tcp_send_reset and tcp:tcp_receive_reset. For root of
 * the machine only. tracefs knows no network namespaces: another trial on the same machine at the same time, with the
 * same addresses, is not told apart, which shows as more resets than Tcp.OutRsts counted.
 */
export class ResetTrace implements Disposable {
  /** False on kernels before 6.10, which do not say why they reset. */
  readonly hasReasons: boolean;
  readonly #unnamed: string;
  readonly #instance: TraceInstance;
  readonly #addresses: ReadonlySet<string>;
  readonly #buffer: Buffer = Buffer.alloc(READ_BYTES);
  readonly #fd: number;
  /** Received ones whose end the next read may bring. */
  readonly #unsettled: TracedReset[] = [];
  #rest = "";

  /** Throws `E_CAPABILITY` or `E_PLATFORM` where this machine or user has no such events. */
  constructor({ addresses, bufferKibPerCpu = BUFFER_KIB_PER_CPU }: ResetTraceOptions) {
    this.#addresses = new Set(addresses);
    this.#instance = new TraceInstance();
    try {
      // CLOCK_MONOTONIC, which the samples are timed by too.
      this.#write("trace_clock", "mono");
      this.#write("buffer_size_kb", String(bufferKibPerCpu));
      this.hasReasons = this.#read("events/tcp/tcp_send_reset/format").includes(" reason;");
      for (const event of EVENTS) this.#write(`events/tcp/${event}/enable`, "1");
      this.#unnamed = this.#traceEnds() ? UNNAMED_STATE.CLOSING : UNNAMED_STATE.UNKNOWN;
      this.#fd = this.#instance.open("trace_pipe", O_RDONLY_NONBLOCK_CLOEXEC);
    } catch (error) {
      this.#instance[Symbol.dispose]();
      throw error;
    }
  }

  /** Resets since the last call, oldest first, sent and received by the trial's addresses. Throws `SystemError`. */
  drain(): TracedReset[] {
    const resets = this.#unsettled.splice(0);
    this.#readInto(resets);
    const settled = resets.length;
    // The read may have fallen between a reset and its end, which are microseconds apart.
    if (resets.some(lacksState)) this.#readInto(resets);
    const isFresh = (each: TracedReset, index: number): boolean =>
      index >= settled && lacksState(each);
    this.#unsettled.push(...resets.filter(isFresh));
    return resets
      .filter((each, index) => !isFresh(each, index))
      .map((each) => (lacksState(each) ? { ...each, state: this.#unnamed } : each));
  }

  /** Events that were overwritten before they were read, on all processors, of this machine and not only of the trial. */
  readLost(): number {
    const cpus = readdirSync(`${this.#instance.path}/per_cpu`);
    return cpus
      .map((cpu) => this.#read(`per_cpu/${cpu}/stats`))
      .flatMap((stats) => [...stats.matchAll(/^(?:overrun|dropped events): (\d+)$/gm)])
      .reduce((sum, [, count]) => sum + Number(count), 0);
  }

  close(): void {
    this.#instance[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #readInto(resets: TracedReset[]): void {
    for (;;) {
      const length = libc().read(this.#fd, this.#buffer, this.#buffer.length);
      if (length === 0 || (length === -1 && errno() === ERRNO.EAGAIN)) return;
      if (length === -1) throw new SystemError("read", errno(), "trace_pipe");
      const lines = (this.#rest + this.#buffer.toString("latin1", 0, length)).split("\n");
      this.#rest = lines.pop() ?? "";
      for (const line of lines) this.#take(line, resets);
    }
  }

  #take(line: string, resets: TracedReset[]): void {
    const reset = parseResetLine(line);
    if (reset !== undefined) {
      if (this.#addresses.has(reset.source)) resets.push(reset);
      return;
    }
    const end = parseEndLine(line);
    if (end === undefined) return;
    const index = findEnded(resets, end);
    const ended = resets[index];
    if (ended !== undefined) resets[index] = { ...ended, state: end.state };
  }

  /** False before Linux 4.16, which has no such event. */
  #traceEnds(): boolean {
    if (!existsSync(`${this.#instance.path}/${END_EVENT}`)) return false;
    this.#write(`${END_EVENT}/filter`, END_FILTER);
    this.#write(`${END_EVENT}/enable`, "1");
    return true;
  }

  #read(file: string): string {
    try {
      return readFileSync(`${this.#instance.path}/${file}`, "utf8");
    } catch (cause) {
      const message = `This kernel does not trace resets: no ${file}`;
      throw new ChurnError("E_PLATFORM", message, { cause });
    }
  }

  #write(file: string, value: string): void {
    writeFileSync(`${this.#instance.path}/${file}`, value);
  }
}

function lacksState({ direction, state }: TracedReset): boolean {
  return direction === "received" && state === null;
}

/**
 * The end comes right after its reset; only other processors' events of the same microseconds stand between them. Most
 * ends have none: a program that resets its own connection ends it too.
 */
const RESETS_BETWEEN_MAX = 64;

/** -1 when there is none. */
function findEnded(resets: readonly TracedReset[], end: TracedEnd): number {
  const first = Math.max(0, resets.length - RESETS_BETWEEN_MAX);
  for (let index = resets.length - 1; index >= first; index -= 1) {
    const reset = resets[index];
    if (reset !== undefined && isEndedBy(reset, end)) return index;
  }
  return -1;
}

function isEndedBy(reset: TracedReset, end: TracedEnd): boolean {
  return (
    lacksState(reset) &&
    reset.sourcePort === end.sourcePort &&
    reset.destinationPort === end.destinationPort &&
    reset.source === end.source &&
    reset.destination === end.destination
  );
}
