import { isIPv6 } from "node:net";
import { ChurnError } from "@churnlab/core";
import { bindC, check, libc, parseIpAddress, type SystemError } from "@churnlab/linux";
import type { TargetCounters } from "./target-counters.ts";
import type { TargetJob } from "./target-server.ts";
import { untilStopped } from "./until-stopped.ts";

// include/linux/socket.h, include/linux/net.h, include/uapi/asm-generic/socket.h
const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_STREAM_CLOEXEC = 0x8_0001;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;

/**
 * The misbehaviour `never-accept`: a listening socket whose queue fills up. The kernel completes handshakes until it is full
 * and then drops SYNs (tcp_v4_syn_recv_sock, sk_acceptq_is_full). Node has no server that does not accept.
 */
export async function listenOnly(
  job: TargetJob,
  counters: TargetCounters,
  listening: (port: number) => void,
): Promise<void> {
  const fd = openListener(job);
  try {
    listening(job.port);
    await untilStopped(counters);
  } finally {
    libc().close(fd);
  }
}

function openListener({ host, port, backlog }: TargetJob): number {
  const address = encodeSocketAddress(host, port);
  const family = isIPv6(host) ? AF_INET6 : AF_INET;
  const fd = check("socket", libc().socket(family, SOCK_STREAM_CLOEXEC, 0));
  try {
    const on = new Uint8Array(Int32Array.of(1).buffer);
    check("setsockopt", libc().setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, on, on.length));
    check("bind", libc().bind(fd, address, address.length));
    check("listen", listen(fd, backlog));
    return fd;
  } catch (error) {
    libc().close(fd);
    const { code } = error as SystemError;
    const message = `The target cannot listen on ${host} port ${port}: ${code}`;
    throw new ChurnError("E_TARGET", message, { cause: error });
  }
}

function listen(fd: number, backlog: number): number {
  return bindC<(fd: number, backlog: number) => number>("int listen(int fd, int backlog)")(
    fd,
    backlog,
  );
}

/** struct sockaddr_in and sockaddr_in6 (ip(7), ipv6(7)): family in the machine's order, port in the network's. */
function encodeSocketAddress(host: string, port: number): Uint8Array {
  const ip = parseIpAddress(host);
  const address = new Uint8Array(ip.length === 4 ? 16 : 28);
  new Uint16Array(address.buffer, 0, 1)[0] = ip.length === 4 ? AF_INET : AF_INET6;
  new DataView(address.buffer).setUint16(2, port);
  address.set(ip, ip.length === 4 ? 4 : 8);
  return address;
}
