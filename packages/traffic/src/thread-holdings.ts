import { libc, readWatchedDescriptors } from "@churnlab/linux";

/** The first entry is for the socket that is being opened; a ring and a listener take four. */
const ENTRIES = 8;
/** A descriptor plus one, or an address; then the length of what is mapped there, 0 for a descriptor. */
const CELLS_PER_ENTRY = 2;

export const THREAD_HOLDINGS_BYTES: number = ENTRIES * CELLS_PER_ENTRY * 8;

interface Mapping {
  readonly address: number;
  readonly length: number;
}

/**
 * What a thread has opened by system calls of its own, in shared memory. Node closes what it has opened itself when a thread is
 * terminated, but knows nothing of these: descriptors and mappings are the process's and outlive the thread. Whoever sees that
 * the thread is gone gives them back.
 *
 * A thread takes an entry out before it closes what is in it: terminated in between it leaves one descriptor behind, and
 * nobody ever closes a number that has come to mean something else.
 */
export class ThreadHoldings {
  /**
   * One cell: the socket that is not yet in the epoll instance that is held, plus one; 0 for none. It is written in the
   * expression that opens the socket, as in `opening[0] = accept(…) + 1`: V8 ends a thread where a function is entered or a
   * loop turns, so never between the two.
   */
  readonly opening: Float64Array;
  readonly #cells: Float64Array;

  constructor(cells: Float64Array) {
    this.#cells = cells;
    this.opening = cells.subarray(0, 1);
  }

  /** Holds a descriptor until the answer is called. Of an epoll instance, everything registered with it is held too. */
  holdDescriptor(fd: number): () => void {
    return this.#hold(fd + 1, 0);
  }

  /** A mapping of a descriptor's memory keeps what the descriptor stands for. */
  holdMapping({ address, length }: Mapping): () => void {
    return this.#hold(address, length);
  }

  get empty(): boolean {
    return this.#cells.every((cell) => cell === 0);
  }

  /** Closes and unmaps what is still held. For another thread, when the owner is certainly gone. */
  giveBack(): void {
    const descriptors = new Set<number>();
    for (let at = 0; at < this.#cells.length; at += CELLS_PER_ENTRY) {
      const [value = 0, length = 0] = this.#cells.subarray(at, at + CELLS_PER_ENTRY);
      if (length > 0) libc().munmap(BigInt(value), length);
      else if (value > 0) {
        const fd = value - 1;
        for (const held of [fd, ...readWatchedDescriptors(fd)]) descriptors.add(held);
      }
    }
    this.#cells.fill(0);
    for (const fd of descriptors) libc().close(fd);
  }

  #hold(value: number, length: number): () => void {
    const at = this.#firstFree();
    this.#cells[at + 1] = length;
    this.#cells[at] = value;
    return () => this.#cells.fill(0, at, at + CELLS_PER_ENTRY);
  }

  #firstFree(): number {
    for (let at = CELLS_PER_ENTRY; at < this.#cells.length; at += CELLS_PER_ENTRY) {
      if (this.#cells[at] === 0) return at;
    }
    throw new Error(`a thread holds more than ${ENTRIES - 1} descriptors and mappings`);
  }
}
