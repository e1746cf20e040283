import { OPCODE, SOCKET_URING_OP_SETSOCKOPT, SQE } from "./uring-abi.ts";

/** Words of a submission entry (struct io_uring_sqe as 16 × 32 bits) that are written after it was pushed. */
export const WORD = {
  FD: 1,
  OFFSET: 2,
  ADDRESS_LOW: 4,
  ADDRESS_HIGH: 5,
  LENGTH: 6,
  FILE_INDEX: 11,
} as const;

/** The fields of a submission entry; what is absent is 0. */
export interface OperationFields {
  readonly opcode: number;
  /** Of `SQE`. */
  readonly flags?: number;
  readonly ioprio?: number;
  readonly fd?: number;
  readonly offset?: number;
  readonly address?: number;
  readonly length?: number;
  /** msg_flags, accept_flags, cancel_flags … */
  readonly opFlags?: number;
  readonly fileIndex?: number;
  readonly address3?: number;
  /** Which field names the connection's entry in the table of direct descriptors; none by default. */
  readonly slotIn?: "fd" | "fileIndex";
}

/**
 * A submission entry that is written many times: all of it is laid out once, and pushing it fills in the slot and the tag.
 * The two words of user data are the slot and the tag.
 */
export interface Operation {
  readonly words: Uint32Array;
  /** Where the slot goes, and what is added to it: `file_index` counts from 1. */
  readonly slotWord: number;
  readonly slotBias: number;
}

/** Lays out an operation. Addresses must stay valid for as long as it is used. */
export function layOut(fields: OperationFields): Operation {
  const words = new Uint32Array(16);
  words[0] = fields.opcode | ((fields.flags ?? 0) << 8) | ((fields.ioprio ?? 0) << 16);
  words[WORD.FD] = fields.fd ?? 0;
  words[WORD.OFFSET] = fields.offset ?? 0;
  words[WORD.ADDRESS_LOW] = lowWord(fields.address ?? 0);
  words[WORD.ADDRESS_HIGH] = highWord(fields.address ?? 0);
  words[WORD.LENGTH] = fields.length ?? 0;
  words[7] = fields.opFlags ?? 0;
  words[WORD.FILE_INDEX] = fields.fileIndex ?? 0;
  words[12] = lowWord(fields.address3 ?? 0);
  words[13] = highWord(fields.address3 ?? 0);
  if (fields.slotIn === "fd") return { words, slotWord: WORD.FD, slotBias: 0 };
  if (fields.slotIn === "fileIndex") return { words, slotWord: WORD.FILE_INDEX, slotBias: 1 };
  return { words, slotWord: 8, slotBias: 0 };
}

/** The lower 32 bits of an address, as one word of a submission. */
export function lowWord(address: number): number {
  return address >>> 0;
}

/** The upper 32 bits of an address, as one word of a submission. */
export function highWord(address: number): number {
  return Math.floor(address / 2 ** 32);
}

/** Flags of an operation on a direct descriptor that leads to the next of its chain and is heard of only if it fails. */
export const QUIET_LINK: number = SQE.FIXED_FILE | SQE.LINK | SQE.SKIP_SUCCESS;

/** close(2) of a direct descriptor. The kernel does it before it looks at the next entry. */
export const CLOSE_SLOT: Operation = layOut({
  opcode: OPCODE.CLOSE,
  flags: SQE.SKIP_SUCCESS,
  slotIn: "fileIndex",
});

/** setsockopt(2) of a direct descriptor (Linux 6.7). `value` is an address. */
export function setOption(option: {
  readonly level: number;
  readonly name: number;
  readonly value: number;
  readonly length: number;
  readonly flags?: number;
}): Operation {
  return layOut({
    opcode: OPCODE.URING_CMD,
    flags: option.flags ?? QUIET_LINK,
    slotIn: "fd",
    offset: SOCKET_URING_OP_SETSOCKOPT,
    // Where others have an address, this has two numbers.
    address: option.level + option.name * 2 ** 32,
    address3: option.value,
    fileIndex: option.length,
  });
}

/** Writes the address of a pushed entry: `at` is what `ring.push` returned. */
export function setAddress(entries: Uint32Array, at: number, address: number): void {
  entries[at + WORD.ADDRESS_LOW] = lowWord(address);
  entries[at + WORD.ADDRESS_HIGH] = highWord(address);
}
