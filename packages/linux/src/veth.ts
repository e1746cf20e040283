import { readFileSync } from "node:fs";
import { isIPv6 } from "node:net";
import { ERRNO } from "@churnlab/core/errno";
import { parseIpAddress } from "./ip-address.ts";
import { errno, libc } from "./libc.ts";
import { NETLINK, NetlinkSocket } from "./netlink.ts";
import { findAttribute, NLMSG_HEADER_BYTES } from "./netlink-message.ts";
import type { NetworkNamespace } from "./network-namespace.ts";
import {
  addAddress,
  addHostRoute,
  createBridge,
  createVethPair,
  deleteLink,
  getLink,
  IFLA,
  INTERFACE_HEADER_BYTES,
  setLinkMaster,
  setLinkUp,
} from "./route-messages.ts";
import { SystemError } from "./system-error.ts";

/** RFC 2863 operational state "up", as include/uapi/linux/if.h numbers it. */
const IF_OPER_UP = 6;
/** About a millisecond each. */
const READY_ATTEMPTS = 2000;

/** One end of a cable. */
export interface VethEnd {
  readonly namespace: NetworkNamespace;
  /** At most 15 characters, unique within its namespace. */
  readonly device: string;
  /** IPv4 or IPv6, without a prefix. Use 198.18.0.0/15 (RFC 2544) and 2001:2::/48 (RFC 5180): reserved for benchmarks. */
  readonly addresses: readonly string[];
}

export interface VethJoin {
  readonly left: VethEnd;
  readonly right: VethEnd;
  /** Bytes; the kernel's 1500 if absent. */
  readonly mtu?: number;
}

/**
 * Joins two namespaces by a veth pair, point to point: each end has its addresses as host addresses and a route to each
 * address of the other end. So one address may stand on many devices of a hub (one per client), with no bridge in the
 * path of packets. Brings loopback up on both sides. Throws `SystemError`, with the kernel's words where it has any.
 *
 * Speaks rtnetlink(7) itself: no `ip` has to be installed, and two hosts are joined in about a millisecond.
 */
export function joinByVeth(join: VethJoin): void {
  const { left, right } = join;
  inNamespace(left.namespace, (route) => {
    route.request(
      createVethPair({
        device: left.device,
        peer: right.device,
        peerNamespaceFd: right.namespace.fd,
        mtu: join.mtu,
      }),
    );
    configureEnd(route, left, right);
  });
  inNamespace(right.namespace, (route) => {
    configureEnd(route, right, left);
    awaitReady(route, right);
  });
  inNamespace(left.namespace, (route) => {
    awaitReady(route, left);
  });
}

/**
 * Makes a bridge in a namespace, with a device that is there as its first port: what is joined to it reaches what the device does.
 * Throws `SystemError`, `EEXIST` where the bridge is there already.
 */
export function makeBridge(
  namespace: NetworkNamespace,
  { device, port }: { readonly device: string; readonly port: string },
): void {
  inNamespace(namespace, (route) => {
    route.request(createBridge(device));
    const index = findDevice(device);
    route.request(setLinkUp(index, device), setLinkMaster(findDevice(port), index));
  });
}

/** A host that is joined to others by a bridge which is there already. */
export interface BridgeJoin {
  readonly bridge: {
    readonly namespace: NetworkNamespace;
    readonly device: string;
    /** Of the cable's end at the bridge: at most 15 characters, unique there. */
    readonly port: string;
  };
  readonly host: VethEnd;
  /** Addresses that the host reaches over the bridge. */
  readonly peers: readonly string[];
}

/**
 * Joins a namespace to a bridge by a veth pair; the bridge itself is left as it is, and its port vanishes with the namespace, or before with `leaveBridge`.
 * Throws `SystemError`.
 */
export function joinByBridge({ bridge, host, peers }: BridgeJoin): void {
  inNamespace(bridge.namespace, (route) => {
    const bridgeIndex = findDevice(bridge.device);
    route.request(
      createVethPair({
        device: bridge.port,
        peer: host.device,
        peerNamespaceFd: host.namespace.fd,
        mtu: undefined,
      }),
    );
    route.request(setLinkMaster(findDevice(bridge.port), bridgeIndex));
  });
  inNamespace(host.namespace, (route) => {
    configureEnd(route, host, { ...host, addresses: peers });
    awaitReady(route, host);
  });
  inNamespace(bridge.namespace, (route) => {
    awaitReady(route, { ...host, device: bridge.port, addresses: [] });
  });
}

/**
 * Takes a host off its bridge, both ends of its cable, at once. A namespace lives for as long as any socket of it: one that was
 * closed with something in flight is ended by the kernel minutes later when nobody answers it (tcp_orphan_retries), and the
 * address of its host would stand on the bridge until then. Nothing where the port is gone. Throws `SystemError`.
 */
export function leaveBridge({ namespace, port }: Omit<BridgeJoin["bridge"], "device">): void {
  inNamespace(namespace, (route) => {
    const index = libc().if_nametoindex(port);
    if (index !== 0) route.request(deleteLink(index, port));
  });
}

function configureEnd(route: NetlinkSocket, own: VethEnd, other: VethEnd): void {
  const index = findDevice(own.device);
  route.request(
    // A new namespace has it down, and without it a host cannot reach its own addresses.
    setLinkUp(findDevice("lo"), "lo"),
    ...own.addresses.map((address) => addAddress(index, address)),
    setLinkUp(index, own.device),
    ...other.addresses.map((address) => addHostRoute(index, address, own.addresses)),
  );
}

/** Returns when the end carries packets; what it needs for that, the kernel finishes in the background. */
function awaitReady(route: NetlinkSocket, end: VethEnd): void {
  const index = findDevice(end.device);
  for (let attempt = 0; attempt < READY_ATTEMPTS; attempt += 1) {
    if (isUp(route, index) && answersSolicitations(end)) return;
    sleepMs(1);
  }
  throw new SystemError("netlink", ERRNO.ENETDOWN, `wait for ${end.device} to come up`);
}

/**
 * A device whose carrier has just come up drops what it is given until the kernel's link watch has attached its queue,
 * a moment later (net/core/link_watch.c): a first SYN lost so would come again after a whole second. Asking for the
 * link makes the kernel catch up (Linux 6.8), or shows when it has.
 */
function isUp(route: NetlinkSocket, index: number): boolean {
  route.send(getLink(index));
  const end = route.receive();
  const failure = route.failureAt(0, "get link");
  if (failure !== undefined) throw failure;
  const from = NLMSG_HEADER_BYTES + INTERFACE_HEADER_BYTES;
  const state = findAttribute(route.buffer.subarray(0, end), { type: IFLA.OPERSTATE, from });
  return state?.[0] === IF_OPER_UP;
}

/**
 * A worker of the kernel joins an IPv6 address's solicited-node group (RFC 4291 §2.7.1) after the address was added,
 * also without duplicate address detection; a neighbour solicitation before that is lost, and repeated after a second.
 */
function answersSolicitations(end: VethEnd): boolean {
  const groups = end.addresses
    .filter((address) => isIPv6(address))
    .map((address) => Buffer.from(parseIpAddress(address).subarray(13)).toString("hex"))
    .map((lowest) => `ff0200000000000000000001ff${lowest}`);
  if (groups.length === 0) return true;
  const joined = new Set(
    readFileSync("/proc/thread-self/net/igmp6", "utf8")
      .split("\n")
      .map((line) => line.trim().split(/\s+/))
      .filter(([, device]) => device === end.device)
      .map(([, , group]) => group),
  );
  return groups.every((group) => joined.has(group));
}

function inNamespace(namespace: NetworkNamespace, work: (route: NetlinkSocket) => void): void {
  namespace.run(() => {
    using route = new NetlinkSocket(NETLINK.ROUTE);
    work(route);
  });
}

function findDevice(name: string): number {
  const index = libc().if_nametoindex(name);
  if (index === 0) throw new SystemError("if_nametoindex", errno(), name);
  return index;
}

function sleepMs(duration: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, duration);
}
