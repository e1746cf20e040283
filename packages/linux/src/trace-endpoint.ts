import { formatIpAddress } from "./ip-address.ts";
import { AF_INET6 } from "./socket-abi.ts";
import { requireField, type TraceFormat } from "./trace-format.ts";

/** Tells one address from all others: a number for IPv4, text for IPv6. IPv4 on a dual-stack socket is IPv4. */
export type AddressKey = number | string;

const SOCKADDR = { PORT: 2, IPV4: 4, IPV6: 8, IPV4_BYTES: 4, IPV6_BYTES: 16 } as const;
/** As many bytes as an IPv6 sockaddr has. */
const SOCKADDR_BYTES = 28;

/** Where an event has one of its ends: as a sockaddr, or as an address that is IPv6 or mapped to it and a port apart. */
export class TraceEndpoint {
  readonly #address: number;
  readonly #port: number;
  readonly #isSockaddr: boolean;

  /** Throws `TypeError` when the event has neither. */
  constructor({ fields }: TraceFormat, side: "source" | "destination") {
    const [initial] = side;
    const field = requireField(fields, `${initial}addr`);
    this.#isSockaddr = field.bytes === SOCKADDR_BYTES;
    this.#address = this.#isSockaddr
      ? field.offset
      : requireField(fields, `${initial}addr_v6`).offset;
    this.#port = this.#isSockaddr
      ? field.offset + SOCKADDR.PORT
      : requireField(fields, `${initial}port`).offset;
  }

  /** `at` is where the event begins. */
  keyOf(view: DataView, at: number): AddressKey {
    const address = at + this.#address;
    if (!this.#isSockaddr) return keyOfIPv6(view, address);
    const isIPv6 = view.getUint16(address, true) === AF_INET6;
    return isIPv6
      ? keyOfIPv6(view, address + SOCKADDR.IPV6)
      : view.getUint32(address + SOCKADDR.IPV4);
  }

  /** 0 where a listener answered: the kernel traces its own peer then, which is nobody. */
  portOf(view: DataView, at: number): number {
    // A sockaddr has it in network order.
    return view.getUint16(at + this.#port, !this.#isSockaddr);
  }
}

function keyOfIPv6(view: DataView, at: number): AddressKey {
  const isMapped =
    view.getUint32(at + 8) === 0xffff && view.getUint32(at + 4) === 0 && view.getUint32(at) === 0;
  if (isMapped) return view.getUint32(at + 12);
  return formatIpAddress(new Uint8Array(view.buffer, view.byteOffset + at, SOCKADDR.IPV6_BYTES));
}

/** The key of an address as people write it. */
export function keyOfAddress(bytes: Uint8Array): AddressKey {
  if (bytes.length !== SOCKADDR.IPV4_BYTES) return formatIpAddress(bytes);
  return new DataView(bytes.buffer, bytes.byteOffset, SOCKADDR.IPV4_BYTES).getUint32(0);
}

/** An address as people write it. */
export function nameAddress(key: AddressKey): string {
  if (typeof key === "string") return key;
  return `${key >>> 24}.${(key >>> 16) & 255}.${(key >>> 8) & 255}.${key & 255}`;
}
