import { ChurnError } from "@churnlab/core";
import {
  AF_INET,
  AF_INET6,
  bindC,
  check,
  encodeSocketAddress,
  libc,
  SO_REUSEADDR,
  SOCK_CLOEXEC,
  SOCK_STREAM,
  SOL_SOCKET,
  type SystemError,
} from "@churnlab/linux";
import type { TargetJob } from "./target-server.ts";

export interface Listener {
  readonly fd: number;
  /** The one asked for, or the kernel's choice for 0. */
  readonly port: number;
}

/** A socket that listens where the job wants it. `flags` are those of socket(2). Throws `E_TARGET`. */
export function openListener({ host, port, backlog }: TargetJob, flags = 0): Listener {
  const address = encodeSocketAddress(host, port);
  const family = address.length === 16 ? AF_INET : AF_INET6;
  const fd = check("socket", libc().socket(family, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
  try {
    const on = new Uint8Array(Int32Array.of(1).buffer);
    check("setsockopt", libc().setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, on, on.length));
    check("bind", libc().bind(fd, address, address.length));
    check("listen", listen(fd, backlog));
    return { fd, port: port === 0 ? readPort(fd) : port };
  } catch (error) {
    libc().close(fd);
    const { code } = error as SystemError;
    const message = `The target cannot listen on ${host} port ${port}: ${code}`;
    throw new ChurnError("E_TARGET", message, { cause: error });
  }
}

function listen(fd: number, backlog: number): number {
  const call = bindC<(fd: number, backlog: number) => number>("int listen(int fd, int backlog)");
  return call(fd, backlog);
}

function readPort(fd: number): number {
  const call = bindC<(fd: number, address: Uint8Array, length: Uint8Array) => number>(
    "int getsockname(int fd, void *address, void *length)",
  );
  const address = Buffer.alloc(28);
  check("getsockname", call(fd, address, new Uint8Array(Int32Array.of(address.length).buffer)));
  return address.readUInt16BE(2);
}
