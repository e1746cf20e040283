/** Numbers of the socket interface, equal on x86-64 and arm64. */

// include/linux/socket.h, include/linux/net.h
export const AF_INET = 2;
export const AF_INET6 = 10;
export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const SOCK_NONBLOCK = 0x800;
export const SOCK_CLOEXEC = 0x8_0000;
export const MSG_NOSIGNAL = 0x4000;
/** Send or receive all of it before the operation is complete. */
export const MSG_WAITALL = 0x100;
/** More will follow: what does not fill a segment waits for it, or for the end of the stream. */
export const MSG_MORE = 0x8000;
export const SHUT_WR = 1;

// include/uapi/asm-generic/socket.h, include/uapi/linux/in.h
export const SOL_SOCKET = 1;
export const SO_REUSEADDR = 2;
export const SO_ERROR = 4;
export const SO_LINGER = 13;
export const IPPROTO_TCP = 6;
export const SOL_IP = 0;
/** connect() chooses the port although the address is bound before, so that the port can be shared between destinations. */
export const IP_BIND_ADDRESS_NO_PORT = 24;
