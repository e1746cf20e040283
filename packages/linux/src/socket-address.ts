import { parseIpAddress } from "./ip-address.ts";
import { AF_INET, AF_INET6 } from "./socket-abi.ts";

/** struct sockaddr_in and sockaddr_in6 (ip(7), ipv6(7)): family in the machine's order, port in the network's. */
export function encodeSocketAddress(host: string, port: number): Uint8Array {
  const ip = parseIpAddress(host);
  const address = new Uint8Array(ip.length === 4 ? 16 : 28);
  new Uint16Array(address.buffer, 0, 1)[0] = ip.length === 4 ? AF_INET : AF_INET6;
  new DataView(address.buffer).setUint16(2, port);
  address.set(ip, ip.length === 4 ? 4 : 8);
  return address;
}
