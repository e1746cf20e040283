import { isIPv4 } from "node:net";
import { parseIpAddress } from "./ip-address.ts";
import { type NetlinkAttribute, type NetlinkRequest, NLM_F } from "./netlink-message.ts";
import { AF_INET, AF_INET6 } from "./socket-abi.ts";

// rtnetlink(7): include/uapi/linux/{rtnetlink,if_link,if_addr,veth}.h
const RTM = { NEWLINK: 16, DELLINK: 17, GETLINK: 18, NEWADDR: 20, NEWROUTE: 24 } as const;
export const IFLA = {
  IFNAME: 3,
  MTU: 4,
  QDISC: 6,
  MASTER: 10,
  OPERSTATE: 16,
  LINKINFO: 18,
  NET_NS_FD: 28,
} as const;
const IFLA_INFO = { KIND: 1, DATA: 2 } as const;
const VETH_INFO_PEER = 1;
const IFA = { ADDRESS: 1, LOCAL: 2, FLAGS: 8 } as const;
const RTA = { DST: 1, OIF: 4, PREFSRC: 7 } as const;
const IFF_UP = 1;
const IFA_F_NODAD = 0x02;
const IFA_F_NOPREFIXROUTE = 0x200;
const RT_TABLE_MAIN = 254;
const RTPROT_STATIC = 4;
const RT_SCOPE_LINK = 253;
const RTN_UNICAST = 1;

const CREATE = NLM_F.REQUEST | NLM_F.ACK | NLM_F.CREATE | NLM_F.EXCL;

/** struct ifinfomsg */
export const INTERFACE_HEADER_BYTES = 16;

export interface VethPair {
  readonly device: string;
  readonly peer: string;
  readonly peerNamespaceFd: number;
  readonly mtu: number | undefined;
}

/** Creates a veth device here and its peer in the namespace of a descriptor. */
export function createVethPair(pair: VethPair): NetlinkRequest {
  const mtu: NetlinkAttribute[] = pair.mtu === undefined ? [] : [[IFLA.MTU, pair.mtu]];
  const peer = {
    header: interfaceHeader(0, 0),
    attributes: [[IFLA.IFNAME, pair.peer], [IFLA.NET_NS_FD, pair.peerNamespaceFd], ...mtu],
  } as const;
  return {
    type: RTM.NEWLINK,
    flags: CREATE,
    about: `create veth ${pair.device} with peer ${pair.peer}`,
    header: interfaceHeader(0, 0),
    attributes: [
      [IFLA.IFNAME, pair.device],
      ...mtu,
      [
        IFLA.LINKINFO,
        [
          [IFLA_INFO.KIND, "veth"],
          [IFLA_INFO.DATA, [[VETH_INFO_PEER, peer]]],
        ],
      ],
    ],
  };
}

/** Creates a bridge here, without ports. */
export function createBridge(device: string): NetlinkRequest {
  return {
    type: RTM.NEWLINK,
    flags: CREATE,
    about: `create bridge ${device}`,
    header: interfaceHeader(0, 0),
    attributes: [
      [IFLA.IFNAME, device],
      [IFLA.LINKINFO, [[IFLA_INFO.KIND, "bridge"]]],
    ],
  };
}

export function setLinkUp(index: number, device: string): NetlinkRequest {
  return {
    type: RTM.NEWLINK,
    flags: NLM_F.REQUEST | NLM_F.ACK,
    about: `set ${device} up`,
    header: interfaceHeader(index, IFF_UP),
    attributes: [],
  };
}

/** Of a veth pair, both ends go. */
export function deleteLink(index: number, device: string): NetlinkRequest {
  return {
    type: RTM.DELLINK,
    flags: NLM_F.REQUEST | NLM_F.ACK,
    about: `delete ${device}`,
    header: interfaceHeader(index, 0),
    attributes: [],
  };
}

/** Makes the device a port of a bridge, and sets it up. */
export function setLinkMaster(index: number, bridgeIndex: number): NetlinkRequest {
  const master = Buffer.alloc(4);
  master.writeUInt32LE(bridgeIndex);
  return {
    type: RTM.NEWLINK,
    flags: NLM_F.REQUEST | NLM_F.ACK,
    about: "attach to bridge",
    header: interfaceHeader(index, IFF_UP),
    attributes: [[IFLA.MASTER, master]],
  };
}

export function getLink(index: number): NetlinkRequest {
  return {
    type: RTM.GETLINK,
    flags: NLM_F.REQUEST,
    about: "get link",
    header: interfaceHeader(index, 0),
    attributes: [],
  };
}

export function dumpLinks(): NetlinkRequest {
  return {
    type: RTM.GETLINK,
    flags: NLM_F.REQUEST | NLM_F.DUMP,
    about: "list devices",
    header: interfaceHeader(0, 0),
    attributes: [],
  };
}

/** Adds a host address (/32, /128) that is usable at once: no duplicate address detection, no route of its own. */
export function addAddress(index: number, address: string): NetlinkRequest {
  const bytes = parseIpAddress(address);
  const header = Buffer.alloc(8);
  header[0] = familyOf(address);
  header[1] = bytes.length * 8;
  header.writeUInt32LE(index, 4);
  return {
    type: RTM.NEWADDR,
    flags: CREATE,
    about: `add address ${address}`,
    header,
    attributes: [
      [IFA.LOCAL, bytes],
      [IFA.ADDRESS, bytes],
      [IFA.FLAGS, IFA_F_NODAD | IFA_F_NOPREFIXROUTE],
    ],
  };
}

/** Routes one address of the other end to the device; the first own address of its family is the source. */
export function addHostRoute(
  index: number,
  destination: string,
  ownAddresses: readonly string[],
): NetlinkRequest {
  const family = familyOf(destination);
  const source = ownAddresses.find((address) => familyOf(address) === family);
  const bytes = parseIpAddress(destination);
  const header = Buffer.alloc(12);
  header.set(
    [family, bytes.length * 8, 0, 0, RT_TABLE_MAIN, RTPROT_STATIC, RT_SCOPE_LINK, RTN_UNICAST],
    0,
  );
  return {
    type: RTM.NEWROUTE,
    flags: CREATE,
    about: `add route to ${destination}`,
    header,
    attributes: [
      [RTA.DST, bytes],
      [RTA.OIF, index],
      ...(source === undefined ? [] : ([[RTA.PREFSRC, parseIpAddress(source)]] as const)),
    ],
  };
}

function interfaceHeader(index: number, flags: number): Buffer {
  const header = Buffer.alloc(INTERFACE_HEADER_BYTES);
  header.writeInt32LE(index, 4);
  header.writeUInt32LE(flags, 8);
  header.writeUInt32LE(flags, 12);
  return header;
}

function familyOf(address: string): number {
  return isIPv4(address) ? AF_INET : AF_INET6;
}
