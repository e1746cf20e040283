/** Flags of a request (include/uapi/linux/netlink.h). */
export const NLM_F = {
  REQUEST: 0x1,
  ACK: 0x4,
  /** On a part of a dump: the table changed while it was read. */
  DUMP: 0x300,
  EXCL: 0x200,
  CREATE: 0x400,
} as const;

/** Message types below the first of any family. */
export const NLMSG = { ERROR: 2, DONE: 3 } as const;

/** struct nlmsghdr: length, type, flags, sequence number, port id. */
export const NLMSG_HEADER_BYTES = 16;

/** The two upper bits of an attribute's type are flags (NLA_F_NESTED, NLA_F_NET_BYTEORDER). */
const NLA_TYPE_MASK = 0x3fff;

/** An attribute: a number is 32 bits wide, a string ends in NUL, an array nests. */
export type NetlinkAttribute = readonly [
  type: number,
  value: number | string | Uint8Array | readonly NetlinkAttribute[] | NetlinkStruct,
];

/** A fixed structure followed by attributes, as VETH_INFO_PEER holds. */
export interface NetlinkStruct {
  readonly header: Uint8Array;
  readonly attributes: readonly NetlinkAttribute[];
}

/** One request: a fixed structure of its type, then attributes. */
export interface NetlinkRequest extends NetlinkStruct {
  readonly type: number;
  readonly flags: number;
  /** What is asked, for the text of an error. */
  readonly about: string;
}

/** Encodes a request with its sequence number. Little-endian, as every platform this runs on is. */
export function encodeNetlinkRequest(request: NetlinkRequest, sequence: number): Buffer {
  const body = encodeStruct(request);
  const header = Buffer.alloc(NLMSG_HEADER_BYTES);
  header.writeUInt32LE(header.length + body.length, 0);
  header.writeUInt16LE(request.type, 4);
  header.writeUInt16LE(request.flags, 6);
  header.writeUInt32LE(sequence, 8);
  return Buffer.concat([header, body]);
}

/** Netlink aligns headers and attributes to 4 bytes (NLMSG_ALIGN, NLA_ALIGN). */
export function alignNetlink(length: number): number {
  return (length + 3) & ~3;
}

/** The payload of the first attribute of a type in a message that ends where `message` ends; undefined if there is none. */
export function findAttribute(
  message: Buffer,
  { type, from }: { readonly type: number; readonly from: number },
): Buffer | undefined {
  for (let at = from; at + 4 <= message.length; ) {
    const length = message.readUInt16LE(at);
    if (length < 4) return undefined;
    if ((message.readUInt16LE(at + 2) & NLA_TYPE_MASK) === type) {
      return message.subarray(at + 4, at + length);
    }
    at += alignNetlink(length);
  }
  return undefined;
}

function encodeStruct(struct: NetlinkStruct): Buffer {
  const padding = Buffer.alloc(alignNetlink(struct.header.length) - struct.header.length);
  return Buffer.concat([struct.header, padding, ...struct.attributes.map(encodeAttribute)]);
}

function encodeAttribute([type, value]: NetlinkAttribute): Buffer {
  const payload = encodeValue(value);
  const attribute = Buffer.alloc(alignNetlink(4 + payload.length));
  attribute.writeUInt16LE(4 + payload.length, 0);
  attribute.writeUInt16LE(type, 2);
  attribute.set(payload, 4);
  return attribute;
}

function encodeValue(value: NetlinkAttribute[1]): Uint8Array {
  if (typeof value === "number") {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value, 0);
    return bytes;
  }
  if (typeof value === "string") return Buffer.from(`${value}\0`, "utf8");
  if (value instanceof Uint8Array) return value;
  return encodeStruct("header" in value ? value : { header: new Uint8Array(), attributes: value });
}
