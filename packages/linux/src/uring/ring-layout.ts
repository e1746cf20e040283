import { KernelMemory } from "../kernel-memory.ts";
import { bindC, errno, libc } from "../libc.ts";
import { SystemError } from "../system-error.ts";
import {
  CQE_BYTES,
  OFFSET_RINGS,
  OFFSET_SQES,
  PARAMS,
  REGISTER,
  SETUP,
  SQE_BYTES,
  SYS_IO_URING_REGISTER,
  SYS_IO_URING_SETUP,
} from "./uring-abi.ts";

export interface RingSize {
  /** Submissions between two calls of the kernel, a power of two. */
  readonly submissions: number;
  /** Completions the ring holds; what comes beyond them, the kernel keeps in a list. */
  readonly completions: number;
}

/** A ring as the kernel laid it out. Indexes are of 32-bit words of `rings`. */
export interface RingLayout {
  /** A descriptor, or the index of a registered ring. */
  readonly handle: number;
  readonly registered: boolean;
  readonly rings: KernelMemory;
  readonly sqes: KernelMemory;
  readonly submissions: number;
  readonly completions: number;
  readonly sqTailAt: number;
  readonly cqHeadAt: number;
  readonly cqTailAt: number;
  readonly cqesAt: number;
}

/**
 * Ways to set up a ring, the best first; a kernel that lacks a flag answers EINVAL.
 *
 * With DEFER_TASKRUN (Linux 6.1) the kernel touches the rings only inside io_uring_enter(2), which this thread itself
 * calls. REGISTERED_FD_ONLY with NO_MMAP (6.5) leaves no descriptor and no mapping behind: such a ring, with all the
 * sockets in its table, is gone when its thread is gone, whatever ended it. COOP_TASKRUN is of 5.19.
 */
export const RING_SETUPS: readonly number[] = [
  SETUP.SINGLE_ISSUER | SETUP.DEFER_TASKRUN | SETUP.NO_MMAP | SETUP.REGISTERED_FD_ONLY,
  SETUP.SINGLE_ISSUER | SETUP.DEFER_TASKRUN,
  SETUP.COOP_TASKRUN,
];

type Setup = (number: number, entries: number, params: Uint8Array) => number;
type Register = (
  ...call: [number: number, handle: number, opcode: number, argument: Uint8Array, count: number]
) => number;

let setup: Setup | undefined;
let register: Register | undefined;

export interface Registration {
  /** Of `REGISTER`. */
  readonly opcode: number;
  readonly argument: Uint8Array;
  readonly count: number;
}

/** io_uring_register(2). */
export function registerWithRing(
  ring: Pick<RingLayout, "handle" | "registered">,
  { opcode, argument, count }: Registration,
): void {
  register ??= bindC<Register>(
    "long syscall(long number, uint32_t handle, uint32_t opcode, void *argument, uint32_t count)",
  );
  const call = opcode + (ring.registered ? REGISTER.USE_REGISTERED_RING : 0);
  const result = register(SYS_IO_URING_REGISTER, ring.handle, call, argument, count);
  if (result === -1) throw new SystemError("io_uring_register", errno(), `opcode ${opcode}`);
}

/** Sets up a ring in the first way of `setups` that the kernel takes. Throws the last `SystemError`. */
export function layOutRing(size: RingSize, setups: readonly number[] = RING_SETUPS): RingLayout {
  let refusal: unknown;
  for (const flags of setups) {
    try {
      return flags & SETUP.NO_MMAP ? inOwnMemory(size, flags) : inKernelMemory(size, flags);
    } catch (error) {
      refusal = error;
      if (!(error instanceof SystemError) || error.code !== "EINVAL") break;
    }
  }
  throw refusal;
}

function inOwnMemory(size: RingSize, flags: number): RingLayout {
  using opened = new DisposableStack();
  const sqes = opened.use(new KernelMemory(size.submissions * SQE_BYTES));
  // Heads, tails and flags take less than a page before the completions.
  const rings = opened.use(
    new KernelMemory(4096 + size.completions * CQE_BYTES + size.submissions * 4),
  );
  const params = newParams(size, flags);
  params.writeBigUInt64LE(BigInt(sqes.address), PARAMS.sqUserAddress);
  params.writeBigUInt64LE(BigInt(rings.address), PARAMS.cqUserAddress);
  const handle = callSetup(size.submissions, params);
  opened.move();
  return readLayout(params, { handle, registered: true, rings, sqes });
}

function inKernelMemory(size: RingSize, flags: number): RingLayout {
  const params = newParams(size, flags);
  using opened = new DisposableStack();
  const fd = opened.adopt(callSetup(size.submissions, params), (one) => libc().close(one));
  const at = (offset: number): number => params.readUInt32LE(offset);
  const bytes = Math.max(
    at(PARAMS.cqCqes) + at(PARAMS.cqEntries) * CQE_BYTES,
    at(PARAMS.sqArray) + at(PARAMS.sqEntries) * 4,
  );
  const rings = opened.use(new KernelMemory(bytes, { fd, offset: OFFSET_RINGS }));
  const sqes = opened.use(
    new KernelMemory(at(PARAMS.sqEntries) * SQE_BYTES, { fd, offset: OFFSET_SQES }),
  );
  opened.move();
  return readLayout(params, { handle: fd, registered: false, rings, sqes });
}

function newParams(size: RingSize, flags: number): Buffer {
  const params = Buffer.alloc(PARAMS.bytes);
  params.writeUInt32LE(size.completions, PARAMS.cqEntries);
  params.writeUInt32LE(flags | SETUP.CQSIZE, PARAMS.flags);
  return params;
}

function callSetup(entries: number, params: Buffer): number {
  setup ??= bindC<Setup>("long syscall(long number, uint32_t entries, void *params)");
  const result = setup(SYS_IO_URING_SETUP, entries, params);
  if (result === -1) throw new SystemError("io_uring_setup", errno());
  return result;
}

type Place = Pick<RingLayout, "handle" | "registered" | "rings" | "sqes">;

function readLayout(params: Buffer, place: Place): RingLayout {
  const at = (offset: number): number => params.readUInt32LE(offset);
  const submissions = at(PARAMS.sqEntries);
  // Submission entries are used in the order of their array: entry i is always slot i.
  if ((at(PARAMS.flags) & SETUP.NO_SQARRAY) === 0) {
    const array = place.rings.words().subarray(at(PARAMS.sqArray) >> 2);
    for (let i = 0; i < submissions; i++) array[i] = i;
  }
  return {
    ...place,
    submissions,
    completions: at(PARAMS.cqEntries),
    sqTailAt: at(PARAMS.sqTail) >> 2,
    cqHeadAt: at(PARAMS.cqHead) >> 2,
    cqTailAt: at(PARAMS.cqTail) >> 2,
    cqesAt: at(PARAMS.cqCqes) >> 2,
  };
}

/**
 * Gives the ring back. The kernel cancels what is still in flight a moment after this returns, so memory of such operations
 * must have been accounted for before.
 */
export function tearDownRing(layout: RingLayout): void {
  using _sqes = layout.sqes;
  using _rings = layout.rings;
  if (layout.registered) {
    const argument = Buffer.alloc(16);
    argument.writeUInt32LE(layout.handle, 0);
    registerWithRing(layout, { opcode: REGISTER.UNREGISTER_RING_FDS, argument, count: 1 });
  } else {
    libc().close(layout.handle);
  }
}
