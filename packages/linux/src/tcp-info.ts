import { check, libc } from "./libc.ts";
import { IPPROTO_TCP } from "./socket-abi.ts";

// include/uapi/linux/tcp.h
const TCP_INFO = 11;
/** Fields of struct tcp_info, by their byte; it has only ever grown at its end. */
const INFO = { RTT: 68, TOTAL_RETRANS: 100, END: 104 } as const;

export interface HandshakeInfo {
  /** Of the handshake, as long as nothing else was sent; 0 where the kernel took no sample. */
  readonly rttUs: number;
  readonly retransmitted: number;
}

/** What the kernel itself measured of the handshake of a connected socket (tcp(7), TCP_INFO). Throws `SystemError`. */
export function readHandshakeInfo(fd: number): HandshakeInfo {
  const info = Buffer.alloc(INFO.END);
  const length = Buffer.from([INFO.END, 0, 0, 0]);
  check("getsockopt", libc().getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, length), "TCP_INFO");
  return {
    rttUs: info.readUInt32LE(INFO.RTT),
    retransmitted: info.readUInt32LE(INFO.TOTAL_RETRANS),
  };
}
