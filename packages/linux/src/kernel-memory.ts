import { errno, koffi, libc } from "./libc.ts";
import { SystemError } from "./system-error.ts";

// include/uapi/asm-generic/mman-common.h, mman.h
const PROT_READ_WRITE = 3;
const MAP_PRIVATE_ANONYMOUS_NORESERVE = 0x4022;
const MAP_SHARED_POPULATE = 0x8001;
const MAP_FAILED = 2n ** 64n - 1n;

const PAGE_BYTES = 4096;

/** Where to map from: a descriptor at an offset. */
export interface MappedDescriptor {
  readonly fd: number;
  readonly offset: number;
}

/**
 * Memory outside of V8's heap, for addresses that the kernel keeps while an operation runs: it never moves, is zero, costs
 * nothing before it is touched, and is given back by `free` alone. Whoever frees it has seen every completion first.
 */
export class KernelMemory implements Disposable {
  /** User space addresses have 47 bits on x86-64 and up to 52 on arm64: they fit a number. */
  readonly address: number;
  readonly length: number;
  #buffer: ArrayBuffer;

  constructor(bytes: number, source: MappedDescriptor | null = null) {
    const length = Math.ceil(bytes / PAGE_BYTES) * PAGE_BYTES;
    const flags = source === null ? MAP_PRIVATE_ANONYMOUS_NORESERVE : MAP_SHARED_POPULATE;
    const address = libc().mmap(
      null,
      length,
      PROT_READ_WRITE,
      flags,
      source?.fd ?? -1,
      source?.offset ?? 0,
    );
    if (address === MAP_FAILED) throw new SystemError("mmap", errno(), `${length} bytes`);
    this.address = Number(address);
    this.length = length;
    this.#buffer = koffi().view(address, length);
  }

  get buffer(): ArrayBuffer {
    return this.#buffer;
  }

  /** A view that is empty, not dangling, after `free`. */
  bytes(from = 0, length: number = this.length - from): Buffer {
    return Buffer.from(this.#buffer, from, length);
  }

  words(): Uint32Array {
    return new Uint32Array(this.#buffer);
  }

  free(): void {
    if (this.#buffer.byteLength === 0) return;
    // Transferring detaches every view, so that a late access is an error in JavaScript and not in the process.
    this.#buffer.transfer(0);
    libc().munmap(BigInt(this.address), this.length);
  }

  [Symbol.dispose](): void {
    this.free();
  }
}
