import { closeSync, openSync, readSync } from "node:fs";
import { DIAG_WORD, type SocketVisitor } from "./sock-diag.ts";
import { AF_INET, AF_INET6 } from "./socket-abi.ts";
import { errnoOf } from "./system-error.ts";
import { maskOfTcpState } from "./tcp-states.ts";

const LISTEN = maskOfTcpState("LISTEN");
const CHUNK_BYTES = 1 << 18;
/** `timer` as in struct inet_diag_msg: the one of a mini-socket. */
const TIMER_TIME_WAIT = 3;
/** Times are in USER_HZ, 100 per second on every platform (jiffies_delta_to_clock_t). */
const MS_PER_TICK = 10;

/**
 * The TCP sockets of the namespace of a process, for whoever may not enter it: /proc/<pid>/net/tcp is open to every
 * user. Visitors see the same words as those of `SockDiag.dump`, as far as the file has them: the limit of an accept
 * queue it has not (it is 0). Costs about 1 µs per socket in the kernel, six times as much as sock_diag.
 */
export class ProcTcpTable {
  readonly #directory: string;
  readonly #words: Uint32Array = new Uint32Array(DIAG_WORD.SEND_QUEUE + 1);
  readonly #chunk: Buffer = Buffer.alloc(CHUNK_BYTES);

  constructor(pid: number) {
    this.#directory = `/proc/${pid}/net`;
  }

  /**
   * Visits every TCP socket in the states of the mask. Sockets that open or close meanwhile may be missed: the kernel
   * does not say so here. Throws Node's own error, with ENOENT or EINVAL when the process is gone.
   */
  dump(states: number, visitor: SocketVisitor): void {
    visitor.begin();
    this.#read("tcp", AF_INET, { states, visitor });
    try {
      this.#read("tcp6", AF_INET6, { states, visitor });
    } catch (error) {
      // A kernel without IPv6 has no such file.
      if (errnoOf(error) !== "ENOENT") throw error;
    }
  }

  #read(
    name: string,
    family: number,
    { states, visitor }: { readonly states: number; readonly visitor: SocketVisitor },
  ): void {
    const fd = openSync(`${this.#directory}/${name}`, "r");
    try {
      let kept = 0;
      for (;;) {
        const length = readSync(fd, this.#chunk, kept, CHUNK_BYTES - kept, null);
        if (length === 0) return;
        const end = kept + length;
        let from = 0;
        for (;;) {
          const newline = this.#chunk.indexOf(10, from);
          if (newline === -1 || newline >= end) break;
          const state = this.#parse(this.#chunk.toString("latin1", from, newline), family);
          from = newline + 1;
          if (state === undefined) continue;
          if ((states & (1 << state)) !== 0) visitor.visit(this.#words, 0);
          // Listeners come first (tcp_seq_start), so all of them have been seen.
          else if (states === LISTEN) return;
        }
        this.#chunk.copyWithin(0, from, end);
        kept = end - from;
      }
    } finally {
      closeSync(fd);
    }
  }

  /** Fills the words from one line (proc(5)); undefined for the title. After the line's number all widths are fixed. */
  #parse(line: string, family: number): number | undefined {
    const endWidth = family === AF_INET ? 13 : 37;
    const local = line.indexOf(": ") + 2;
    const remote = local + endWidth + 1;
    const state = remote + endWidth + 1;
    const queues = state + 3;
    const timer = queues + 18;
    const number = Number.parseInt(line.slice(state, state + 2), 16);
    if (Number.isNaN(number)) return undefined;
    const words = this.#words;
    words[DIAG_WORD.FAMILY_STATE] = family | (number << 8);
    const localPort = readEnd(words, DIAG_WORD.SOURCE, line.slice(local, local + endWidth));
    const remotePort = readEnd(words, DIAG_WORD.DESTINATION, line.slice(remote, remote + endWidth));
    words[DIAG_WORD.PORTS] = localPort | (remotePort << 16);
    words[DIAG_WORD.SEND_QUEUE] = Number.parseInt(line.slice(queues, queues + 8), 16);
    words[DIAG_WORD.RECEIVE_QUEUE] = Number.parseInt(line.slice(queues + 9, queues + 17), 16);
    const isMini = Number.parseInt(line.slice(timer, timer + 2), 16) === TIMER_TIME_WAIT;
    const ticks = Number.parseInt(line.slice(timer + 3, timer + 11), 16);
    words[DIAG_WORD.EXPIRES] = isMini ? ticks * MS_PER_TICK : 0;
    return number;
  }
}

/** `0100007F:1F90`: an address in 32-bit words of the machine's order, and a port, returned in network order. */
function readEnd(words: Uint32Array, at: number, text: string): number {
  const colon = text.indexOf(":");
  for (let word = 0; word < 4; word += 1) {
    const hex = text.slice(word * 8, Math.min(colon, word * 8 + 8));
    words[at + word] = hex === "" ? 0 : Number.parseInt(hex, 16);
  }
  const port = Number.parseInt(text.slice(colon + 1), 16);
  return ((port & 0xff) << 8) | (port >>> 8);
}
