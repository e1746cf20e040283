import { parseIpAddress } from "./ip-address.ts";
import { AF_INET, AF_INET6 } from "./socket-abi.ts";

const IPV4_ADDRESS_BYTES = 16;
/** The larger of the two: room for either. */
export const IPV6_ADDRESS_BYTES = 28;
/** The byte of both at which the port begins, in the network's order. */
export const PORT_AT = 2;

/** struct sockaddr_in and sockaddr_in6 (ip(7), ipv6(7)): family in the machine's order, port in the network's. */
export function encodeSocketAddress(host: string, port: number): Uint8Array {
  const ip = parseIpAddress(host);
  const isIPv4 = ip.length === 4;
  const address = new Uint8Array(isIPv4 ? IPV4_ADDRESS_BYTES : IPV6_ADDRESS_BYTES);
  new Uint16Array(address.buffer, 0, 1)[0] = isIPv4 ? AF_INET : AF_INET6;
  new DataView(address.buffer).setUint16(PORT_AT, port);
  address.set(ip, isIPv4 ? 4 : 8);
  return address;
}
