import { check, libc } from "./libc.ts";
import {
  AF_INET,
  AF_INET6,
  SO_REUSEADDR,
  SOCK_CLOEXEC,
  SOCK_STREAM,
  SOL_SOCKET,
} from "./socket-abi.ts";
import { encodeSocketAddress, IPV6_ADDRESS_BYTES, PORT_AT } from "./socket-address.ts";

export interface ListeningSocket {
  readonly fd: number;
  /** The one asked for, or the kernel's choice for 0. */
  readonly port: number;
}

export interface ListeningSocketOptions {
  /** An IP address. */
  readonly host: string;
  /** 0 for any. */
  readonly port: number;
  readonly backlog: number;
  /** Of socket(2), besides SOCK_CLOEXEC. */
  readonly flags?: number;
}

/** A socket that listens in the calling thread's namespace, for whoever accepts by system calls. Throws `SystemError`. */
export function openListeningSocket(options: ListeningSocketOptions): ListeningSocket {
  const { host, port, backlog, flags = 0 } = options;
  const address = encodeSocketAddress(host, port);
  const family = address.length === IPV6_ADDRESS_BYTES ? AF_INET6 : AF_INET;
  const fd = check("socket", libc().socket(family, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
  try {
    const on = new Uint8Array(Int32Array.of(1).buffer);
    check("setsockopt", libc().setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, on, on.length));
    check("bind", libc().bind(fd, address, address.length));
    check("listen", libc().listen(fd, backlog));
    return { fd, port: port === 0 ? readPort(fd) : port };
  } catch (error) {
    libc().close(fd);
    throw error;
  }
}

function readPort(fd: number): number {
  const address = Buffer.alloc(IPV6_ADDRESS_BYTES);
  const length = new Uint8Array(Int32Array.of(address.length).buffer);
  check("getsockname", libc().getsockname(fd, address, length));
  return address.readUInt16BE(PORT_AT);
}
