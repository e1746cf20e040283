import { ERRNO } from "@churnlab/core/errno";
import { KernelMemory } from "../kernel-memory.ts";
import { bindC, errno } from "../libc.ts";
import { SystemError } from "../system-error.ts";
import type { Operation } from "./operation.ts";
import {
  layOutRing,
  type Registration,
  type RingLayout,
  registerWithRing,
  tearDownRing,
} from "./ring-layout.ts";
import { CQE_BYTES, ENTER, REGISTER, SYS_IO_URING_ENTER } from "./uring-abi.ts";

export interface RingOptions {
  readonly submissions?: number;
  readonly completions?: number;
  /** Entries of the table of direct descriptors: sockets in it take no descriptor of the process. */
  readonly slots: number;
  /** See `RING_SETUPS`. */
  readonly setups?: readonly number[];
}

/** A descriptor, and mappings of it; the ring lives as long as one of them. */
export interface RingRemains {
  readonly descriptor: number | null;
  readonly mappings: readonly { readonly address: number; readonly length: number }[];
}

export interface CompletionHandler {
  /** `result` is that of the system call, or an errno below 0. `ring.completionFlags` belongs to the same completion. */
  completed(slot: number, tag: number, result: number): void;
}

type Enter = (
  ...call: [
    number: number,
    handle: number,
    submit: number,
    wait: number,
    flags: number,
    argument: number,
    bytes: number,
  ]
) => number;

let enter: Enter | undefined;

const GETEVENTS_ARG_BYTES = 24;
const TIMESPEC_AT = 32;
const STUBBORN_CALLS_MAX = 1000;

/**
 * One io_uring(7) for one thread. Entries are pushed, handed to the kernel by the next `wait` (or earlier, when the ring is
 * full), and their completions are taken by `reap`. Nothing here allocates once the ring is open.
 *
 * A chain (`SQE.LINK`) must be handed over whole: `reserve` its length first. A chain whose operations are all quiet but the
 * last posts exactly one completion, whichever of them fails: a quiet one that fails silences what follows it.
 */
export class Ring implements Disposable {
  readonly slots: number;
  completionFlags = 0;
  readonly #layout: RingLayout;
  readonly #enter: Enter;
  readonly #sqes: Uint32Array;
  readonly #rings: Uint32Array;
  readonly #results: Int32Array;
  readonly #submissionMask: number;
  readonly #completionMask: number;
  /** struct io_uring_getevents_arg, and the timespec it points to. */
  readonly #argument: KernelMemory;
  readonly #argumentView: DataView;
  readonly #enterFlags: number;
  #tail: number;
  readonly #held: DisposableStack;
  #queued = 0;

  /** Throws `SystemError`: EPERM and ENOSYS where io_uring is refused, EMFILE where RLIMIT_NOFILE is below `slots`. */
  constructor(options: RingOptions) {
    const { submissions = 2048, completions = 8192, slots, setups } = options;
    using opened = new DisposableStack();
    this.#layout = opened.adopt(layOutRing({ submissions, completions }, setups), tearDownRing);
    enter ??= bindC<Enter>(
      "long syscall(long number, uint32_t handle, uint32_t submit, uint32_t wait, uint32_t flags, uintptr_t argument, size_t bytes)",
    );
    this.#enter = enter;
    this.#sqes = this.#layout.sqes.words();
    this.#rings = this.#layout.rings.words();
    this.#results = new Int32Array(this.#layout.rings.buffer);
    this.#submissionMask = this.#layout.submissions - 1;
    this.#completionMask = this.#layout.completions - 1;
    this.#argument = opened.use(new KernelMemory(64));
    this.#argumentView = new DataView(this.#argument.buffer);
    this.#argumentView.setBigUint64(16, BigInt(this.#argument.address + TIMESPEC_AT), true);
    this.#enterFlags = this.#layout.registered ? ENTER.REGISTERED_RING : 0;
    this.#tail = this.#rings[this.#layout.sqTailAt] as number;
    this.slots = slots;
    this.#registerSlots(slots);
    this.#held = opened.move();
  }

  /** Makes sure that the next `entries` pushes are handed to the kernel together. */
  reserve(entries: number): void {
    if (this.#queued + entries > this.#layout.submissions) this.submit();
  }

  /** Writes an entry. Returns the index of its first word in `entries`, for what differs from the template. */
  push(operation: Operation, slot: number, tag: number): number {
    if (this.#queued === this.#layout.submissions) this.submit();
    const at = (this.#tail & this.#submissionMask) << 4;
    const sqes = this.#sqes;
    const { words } = operation;
    for (let word = 0; word < 16; word++) sqes[at + word] = words[word] as number;
    sqes[at + operation.slotWord] = slot + operation.slotBias;
    sqes[at + 8] = slot;
    sqes[at + 9] = tag;
    this.#tail = (this.#tail + 1) >>> 0;
    this.#queued++;
    return at;
  }

  /** What is left of this ring when its thread is terminated: nothing where it has no descriptor. */
  get remains(): RingRemains {
    const { registered, handle, rings, sqes } = this.#layout;
    return registered
      ? { descriptor: null, mappings: [] }
      : { descriptor: handle, mappings: [rings, sqes] };
  }

  get entries(): Uint32Array {
    return this.#sqes;
  }

  /** Hands over what was pushed, without waiting. */
  submit(): void {
    for (let calls = 0; this.#queued > 0; calls++) {
      const failure = this.#call(0, 0);
      if (failure !== 0 && calls >= STUBBORN_CALLS_MAX)
        throw new SystemError("io_uring_enter", failure);
    }
  }

  /** Hands over what was pushed and waits until at least one completion is there or the time is over. */
  wait(timeoutMs: number): void {
    const ns = Math.max(0, Math.round(timeoutMs * 1e6));
    this.#argumentView.setInt32(TIMESPEC_AT, Math.floor(ns / 1e9), true);
    this.#argumentView.setInt32(TIMESPEC_AT + 8, ns % 1e9, true);
    this.#call(timeoutMs > 0 ? 1 : 0, ENTER.GETEVENTS | ENTER.EXT_ARG);
  }

  /** Calls the handler for every completion that is there. Returns how many. */
  reap(handler: CompletionHandler): number {
    const { cqHeadAt, cqTailAt, cqesAt } = this.#layout;
    const rings = this.#rings;
    const results = this.#results;
    const mask = this.#completionMask;
    const first = rings[cqHeadAt] as number;
    const tail = Atomics.load(rings, cqTailAt);
    for (let head = first; head !== tail; head = (head + 1) >>> 0) {
      const at = cqesAt + ((head & mask) * CQE_BYTES) / 4;
      this.completionFlags = rings[at + 3] as number;
      handler.completed(rings[at] as number, rings[at + 1] as number, results[at + 2] as number);
    }
    Atomics.store(rings, cqHeadAt, tail);
    return (tail - first) >>> 0;
  }

  /** io_uring_register(2); throws `SystemError`. */
  register(registration: Registration): void {
    registerWithRing(this.#layout, registration);
  }

  /** The kernel cancels what is in flight only after this has returned: account for it first. */
  close(): void {
    this.#held.dispose();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Returns 0, or the errno of a call to be repeated. */
  #call(wait: number, flags: number): number {
    Atomics.store(this.#rings, this.#layout.sqTailAt, this.#tail);
    const result = this.#enter(
      SYS_IO_URING_ENTER,
      this.#layout.handle,
      this.#queued,
      wait,
      this.#enterFlags | flags,
      flags === 0 ? 0 : this.#argument.address,
      flags === 0 ? 0 : GETEVENTS_ARG_BYTES,
    );
    if (result >= 0) {
      this.#queued -= result;
      return 0;
    }
    const failure = errno();
    if (failure === ERRNO.ETIME || failure === ERRNO.EINTR) return failure;
    // Out of memory for requests, or completions to be taken first: what was pushed is still queued.
    if (failure === ERRNO.EAGAIN || failure === ERRNO.EBUSY) return failure;
    throw new SystemError("io_uring_enter", failure);
  }

  #registerSlots(slots: number): void {
    const sparse = Buffer.alloc(32);
    sparse.writeUInt32LE(slots, 0);
    sparse.writeUInt32LE(1 /* IORING_RSRC_REGISTER_SPARSE */, 4);
    this.register({ opcode: REGISTER.FILES2, argument: sparse, count: sparse.length });
  }
}
