/** Numbers of include/uapi/linux/io_uring.h, the same on every architecture. */

export const SYS_IO_URING_SETUP = 425;
export const SYS_IO_URING_ENTER = 426;
export const SYS_IO_URING_REGISTER = 427;

export const SETUP = {
  CQSIZE: 0x8,
  COOP_TASKRUN: 0x100,
  SINGLE_ISSUER: 0x1000,
  DEFER_TASKRUN: 0x2000,
  NO_MMAP: 0x4000,
  REGISTERED_FD_ONLY: 0x8000,
  NO_SQARRAY: 0x10000,
} as const;

export const ENTER = { GETEVENTS: 1, EXT_ARG: 0x8, REGISTERED_RING: 0x10 } as const;

export const REGISTER = {
  PROBE: 8,
  FILES2: 13,
  UNREGISTER_RING_FDS: 21,
  /** Added to the number of a call whose descriptor is the index of a registered ring. */
  USE_REGISTERED_RING: 0x8000_0000,
} as const;

/** What an operation does; `io_uring_enter(2)` describes each. */
export const OPCODE = {
  POLL_ADD: 6,
  ACCEPT: 13,
  ASYNC_CANCEL: 14,
  CONNECT: 16,
  CLOSE: 19,
  SEND: 26,
  RECV: 27,
  SHUTDOWN: 34,
  SOCKET: 45,
  URING_CMD: 46,
  /** Linux 6.7. */
  READ_MULTISHOT: 49,
  BIND: 56,
} as const;

/** Flags of a submission entry. */
export const SQE = {
  /** The descriptor is an index of the ring's own table. */
  FIXED_FILE: 1,
  /** The next entry starts when this one has succeeded, else it is cancelled. */
  LINK: 0x4,
  /** No completion unless it fails. */
  SKIP_SUCCESS: 0x40,
} as const;

/** In `ioprio` of ACCEPT: go on accepting, one completion each. */
export const ACCEPT_MULTISHOT = 1;
/** In `ioprio` of SEND and RECV: wait for readiness first, do not try at once. */
export const RECVSEND_POLL_FIRST = 1;
/** As `fileIndex`: the kernel takes a free entry of the table and reports its number. */
export const FILE_INDEX_ALLOC = 0xffff_ffff;
/** In `offset` of URING_CMD on a socket (Linux 6.7). */
export const SOCKET_URING_OP_SETSOCKOPT = 3;
/** Flag of a completion: more of the same operation will follow. */
export const CQE_F_MORE = 0x2;

/** Bytes of a submission entry and of a completion. */
export const SQE_BYTES = 64;
export const CQE_BYTES = 16;

/** struct io_uring_params, in bytes. */
export const PARAMS = {
  bytes: 120,
  sqEntries: 0,
  cqEntries: 4,
  flags: 8,
  sqTail: 44,
  sqArray: 64,
  sqUserAddress: 72,
  cqHead: 80,
  cqTail: 84,
  cqCqes: 100,
  cqUserAddress: 112,
} as const;

/** Offsets for mmap(2) of a ring's descriptor. */
export const OFFSET_RINGS = 0;
export const OFFSET_SQES = 0x1000_0000;
