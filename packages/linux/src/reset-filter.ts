import { IPPROTO_TCP } from "./socket-abi.ts";

/** One instruction of classic BPF: code, jump if true, jump if false, constant (struct sock_filter). */
type Instruction = readonly [code: number, jumpTrue: number, jumpFalse: number, constant: number];

// include/uapi/linux/bpf_common.h
const LOAD_BYTE = 0x30;
const LOAD_HALF = 0x28;
const LOAD_BYTE_INDIRECT = 0x50;
const LOAD_IPV4_HEADER_LENGTH = 0xb1;
const AND = 0x54;
const JUMP_EQUAL = 0x15;
const JUMP_SET = 0x45;
const RETURN = 0x06;

const RST = 0x04;
const FRAGMENT_OFFSET = 0x1fff;

/** Enough for an IPv6 header and a TCP header, or for both of IPv4 with all options. */
const RESET_SNAP_BYTES = 80;

/** Passes segments with RST, over IPv4 and IPv6 without extension headers. Offsets count from the IP header. */
const PROGRAM: readonly Instruction[] = [
  [LOAD_BYTE, 0, 0, 0],
  [AND, 0, 0, 0xf0],
  [JUMP_EQUAL, 0, 7, 0x40],
  [LOAD_BYTE, 0, 0, 9],
  [JUMP_EQUAL, 0, 11, IPPROTO_TCP],
  [LOAD_HALF, 0, 0, 6],
  [JUMP_SET, 9, 0, FRAGMENT_OFFSET],
  [LOAD_IPV4_HEADER_LENGTH, 0, 0, 0],
  [LOAD_BYTE_INDIRECT, 0, 0, 13],
  [JUMP_SET, 5, 6, RST],
  [JUMP_EQUAL, 0, 5, 0x60],
  [LOAD_BYTE, 0, 0, 6],
  [JUMP_EQUAL, 0, 3, IPPROTO_TCP],
  [LOAD_BYTE, 0, 0, 53],
  [JUMP_SET, 0, 1, RST],
  [RETURN, 0, 0, RESET_SNAP_BYTES],
  [RETURN, 0, 0, 0],
];

/** The filter as an array of struct sock_filter. */
export function encodeResetFilter(): Buffer {
  const bytes = Buffer.alloc(PROGRAM.length * 8);
  for (const [index, [code, jumpTrue, jumpFalse, constant]] of PROGRAM.entries()) {
    bytes.writeUInt16LE(code, index * 8);
    bytes[index * 8 + 2] = jumpTrue;
    bytes[index * 8 + 3] = jumpFalse;
    bytes.writeUInt32LE(constant, index * 8 + 4);
  }
  return bytes;
}
