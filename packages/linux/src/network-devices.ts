import { ERRNO } from "@churnlab/core/errno";
import { check, errno, koffi, libc } from "./libc.ts";
import { NETLINK, NetlinkSocket } from "./netlink.ts";
import { alignNetlink, findAttribute, NLMSG, NLMSG_HEADER_BYTES } from "./netlink-message.ts";
import type { NetworkNamespace } from "./network-namespace.ts";
import { dumpLinks, IFLA, INTERFACE_HEADER_BYTES } from "./route-messages.ts";
import { AF_INET, SOCK_CLOEXEC, SOCK_DGRAM } from "./socket-abi.ts";
import { SystemError } from "./system-error.ts";

export interface NetworkDevice {
  readonly name: string;
  readonly mtu: number;
  /** Queueing discipline: `noqueue` on a veth, `fq_codel`, `mq` … on a network card. */
  readonly qdisc: string;
  /** Offloads that are on, of `tso`, `gso`, `gro`, `rx-checksum`, `tx-checksum`, `scatter-gather`. */
  readonly offloads: readonly string[];
}

// include/uapi/linux/sockios.h, include/uapi/linux/ethtool.h
const SIOCETHTOOL = 0x8946;
const OFFLOADS = [
  ["tso", 0x1e],
  ["gso", 0x23],
  ["gro", 0x2b],
  ["rx-checksum", 0x14],
  ["tx-checksum", 0x16],
  ["scatter-gather", 0x18],
] as const;

/** Whether the namespace has a device of this name, or with it as another name. */
export function hasNetworkDevice(namespace: NetworkNamespace, name: string): boolean {
  return namespace.run(() => libc().if_nametoindex(name) !== 0);
}

/** The devices of a namespace, by index. Throws `SystemError`. */
export function readNetworkDevices(namespace: NetworkNamespace): NetworkDevice[] {
  return namespace.run(() => {
    const socket = check("socket", libc().socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "ethtool");
    try {
      return readLinks().map(({ name, mtu, qdisc }) => {
        return { name, mtu, qdisc, offloads: readOffloads(socket, name) };
      });
    } finally {
      libc().close(socket);
    }
  });
}

function readLinks(): Omit<NetworkDevice, "offloads">[] {
  using route = new NetlinkSocket(NETLINK.ROUTE);
  const links: Omit<NetworkDevice, "offloads">[] = [];
  route.send(dumpLinks());
  for (;;) {
    const end = route.receive();
    for (let at = 0; at < end; at += alignNetlink(route.buffer.readUInt32LE(at))) {
      const failure = route.failureAt(at, "list devices");
      if (failure !== undefined) throw failure;
      if (route.buffer.readUInt16LE(at + 4) === NLMSG.DONE) return links;
      links.push(parseLink(route.buffer.subarray(at, at + route.buffer.readUInt32LE(at))));
    }
  }
}

function parseLink(message: Buffer): Omit<NetworkDevice, "offloads"> {
  const from = NLMSG_HEADER_BYTES + INTERFACE_HEADER_BYTES;
  const textOf = (type: number): string =>
    findAttribute(message, { type, from })?.toString("utf8").replace(/\0.*$/, "") ?? "";
  return {
    name: textOf(IFLA.IFNAME),
    mtu: findAttribute(message, { type: IFLA.MTU, from })?.readUInt32LE(0) ?? 0,
    qdisc: textOf(IFLA.QDISC),
  };
}

function readOffloads(socket: number, device: string): string[] {
  return OFFLOADS.filter(([, command]) => askDevice(socket, device, command) !== 0).map(
    ([name]) => name,
  );
}

/**
 * struct ethtool_value: the answer of a device to a command without an argument. 0 where its driver does not have the question
 * (EOPNOTSUPP), and where the device went away after it was listed (ENODEV).
 */
function askDevice(socket: number, device: string, command: number): number {
  const value = Buffer.alloc(8);
  value.writeUInt32LE(command, 0);
  const request = Buffer.alloc(40);
  request.write(device, 0, 15);
  request.writeBigUInt64LE(koffi().address(value), 16);
  if (libc().ioctl(socket, SIOCETHTOOL, request) === 0) return value.readUInt32LE(4);
  const refusal = errno();
  if (refusal === ERRNO.EOPNOTSUPP || refusal === ERRNO.ENODEV) return 0;
  throw new SystemError("ioctl", refusal, `ethtool of ${device}`);
}
