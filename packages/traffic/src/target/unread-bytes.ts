import type net from "node:net";
import { libc } from "@churnlab/linux";

/** include/uapi/asm-generic/ioctls.h: bytes that wait to be read. */
const FIONREAD = 0x541b;
const LOOK_EVERY_MS = 1;

/** Destroys a socket that is not being read as soon as bytes wait in it. The kernel then sends a reset (RFC 2525 §2.17). */
export function destroyWhenUnread(socket: net.Socket): void {
  const timer = setInterval(() => {
    if (!socket.destroyed && countUnread(socket) > 0) socket.destroy();
  }, LOOK_EVERY_MS);
  socket.on("close", () => clearInterval(timer));
}

function countUnread(socket: net.Socket): number {
  const { _handle: handle } = socket as net.Socket & {
    readonly _handle: { readonly fd: number } | null;
  };
  if (handle === null) return 0;
  const count = new Int32Array(1);
  libc().ioctl(handle.fd, FIONREAD, new Uint8Array(count.buffer));
  return count[0] as number;
}
