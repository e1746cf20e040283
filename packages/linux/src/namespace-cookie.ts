import { check, libc } from "./libc.ts";
import type { NetworkNamespace } from "./network-namespace.ts";
import { AF_INET, SOCK_CLOEXEC, SOCK_DGRAM, SOL_SOCKET } from "./socket-abi.ts";
import { SystemError } from "./system-error.ts";

// include/uapi/asm-generic/socket.h
const SO_NETNS_COOKIE = 71;

/**
 * The number that the kernel gave a namespace for this boot (SO_NETNS_COOKIE, net/core/net_namespace.c): unlike the inode it goes
 * to no other, also when the namespace is gone. null before Linux 5.14. Throws `SystemError`.
 */
export function readNamespaceCookie(namespace: NetworkNamespace): bigint | null {
  return namespace.run(() => {
    const fd = libc().socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    check("socket", fd);
    try {
      const value = Buffer.alloc(8);
      const length = Buffer.alloc(4);
      length.writeInt32LE(value.length);
      check("getsockopt", libc().getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, value, length));
      return value.readBigUInt64LE();
    } catch (error) {
      if (error instanceof SystemError && error.code === "ENOPROTOOPT") return null;
      throw error;
    } finally {
      libc().close(fd);
    }
  });
}
