import { ERRNO } from "@churnlab/core/errno";
import { check, errno, libc } from "./libc.ts";
import {
  alignNetlink,
  encodeNetlinkRequest,
  findAttribute,
  type NetlinkRequest,
  NLMSG,
  NLMSG_HEADER_BYTES,
} from "./netlink-message.ts";
import { SOL_SOCKET } from "./socket-abi.ts";
import { SystemError } from "./system-error.ts";

/** Protocols of AF_NETLINK that are spoken here (include/uapi/linux/netlink.h). */
export const NETLINK = { ROUTE: 0, SOCK_DIAG: 4 } as const;

const AF_NETLINK = 16;
const SOCK_RAW_CLOEXEC = 0x8_0003;
const SO_RCVBUF = 8;
const SO_RCVTIMEO = 20;
const SO_RCVBUFFORCE = 33;
const SOL_NETLINK = 270;
const NETLINK_CAP_ACK = 10;
const NETLINK_EXT_ACK = 11;
const MSG_TRUNC = 0x20;
const NLMSGERR_ATTR_MSG = 1;

/** The kernel answers at once; a wait of this length means that it never will. */
const ANSWER_TIMEOUT_S = 5;

/** The kernel fills at most 32 KiB per read of a dump (netlink_dump), so this never truncates. */
const RECEIVE_BYTES = 64 * 1024;

/**
 * A netlink socket of the network namespace in which it was made, usable from anywhere afterwards (netlink(7)).
 * Blocking, each wait bounded. Not to be shared by threads.
 */
export class NetlinkSocket implements Disposable {
  /** What `receive` filled; overwritten by the next call. */
  readonly buffer: Buffer = Buffer.alloc(RECEIVE_BYTES);
  readonly #fd: number;
  readonly #held: DisposableStack;
  #sequence = 0;

  /** `queueBytes` is how much may wait to be read; the kernel's default (net.core.rmem_default) if absent. */
  constructor(protocol: number, { queueBytes }: { readonly queueBytes?: number } = {}) {
    using opened = new DisposableStack();
    const fd = check("socket", libc().socket(AF_NETLINK, SOCK_RAW_CLOEXEC, protocol), "netlink");
    this.#fd = opened.adopt(fd, (one) => libc().close(one));
    const timeval = Buffer.alloc(16);
    timeval.writeBigInt64LE(BigInt(ANSWER_TIMEOUT_S), 0);
    check("setsockopt", libc().setsockopt(this.#fd, SOL_SOCKET, SO_RCVTIMEO, timeval, 16));
    if (queueBytes !== undefined) this.#enlargeQueue(queueBytes);
    // Without these an error still has its errno, only its words are missing: kernels before 4.12 lack them.
    const on = Buffer.from([1, 0, 0, 0]);
    libc().setsockopt(this.#fd, SOL_NETLINK, NETLINK_CAP_ACK, on, 4);
    libc().setsockopt(this.#fd, SOL_NETLINK, NETLINK_EXT_ACK, on, 4);
    this.#held = opened.move();
  }

  /**
   * Sends the requests in one call and waits for the answer to each. All must have NLM_F.ACK. The kernel carries them
   * out in order and goes on after a failure; the first failure is thrown as `SystemError`.
   */
  request(...requests: readonly NetlinkRequest[]): void {
    const first = this.#sequence + 1;
    this.send(...requests);
    let failure: SystemError | undefined;
    for (let answered = 0; answered < requests.length; ) {
      const end = this.receive();
      for (let at = 0; at < end; at += alignNetlink(this.buffer.readUInt32LE(at))) {
        const request = requests[this.buffer.readUInt32LE(at + 8) - first];
        if (request === undefined) continue;
        answered += 1;
        failure ??= this.failureAt(at, request.about);
      }
    }
    if (failure !== undefined) throw failure;
  }

  /** Sends requests whose answers the caller reads with `receive`. Their sequence numbers count up by one. */
  send(...requests: readonly NetlinkRequest[]): void {
    this.#requireOpen("send");
    const messages: Buffer[] = [];
    for (const request of requests) {
      this.#sequence += 1;
      messages.push(encodeNetlinkRequest(request, this.#sequence));
    }
    const bytes = Buffer.concat(messages);
    check("send", libc().send(this.#fd, bytes, bytes.length, 0), "netlink");
  }

  /** Fills `buffer` with one or more whole messages and returns where they end. Throws `SystemError`. */
  receive(): number {
    this.#requireOpen("recv");
    for (;;) {
      const length = libc().recv(this.#fd, this.buffer, this.buffer.length, MSG_TRUNC);
      if (length > this.buffer.length) throw new SystemError("recv", ERRNO.EMSGSIZE, "netlink");
      if (length >= 0) return length;
      if (errno() !== ERRNO.EINTR) throw new SystemError("recv", errno(), "netlink");
    }
  }

  /**
   * The failure told by the NLMSG_ERROR or NLMSG_DONE at this place of `buffer`, with the kernel's own words where it
   * has any; undefined for an acknowledgement and for any other message.
   */
  failureAt(at: number, about: string): SystemError | undefined {
    const type = this.buffer.readUInt16LE(at + 4);
    if (type !== NLMSG.ERROR && type !== NLMSG.DONE) return undefined;
    const number = -this.buffer.readInt32LE(at + NLMSG_HEADER_BYTES);
    if (number <= 0) return undefined;
    const end = at + this.buffer.readUInt32LE(at);
    // Attributes stand behind errno and, in an error, behind the header of the refused request (NETLINK_CAP_ACK).
    const skipped = type === NLMSG.ERROR ? NLMSG_HEADER_BYTES : 0;
    const words = findAttribute(this.buffer.subarray(0, end), {
      type: NLMSGERR_ATTR_MSG,
      from: at + NLMSG_HEADER_BYTES + 4 + skipped,
    });
    const text =
      words === undefined ? about : `${about}: ${words.toString("utf8").replace("\0", "")}`;
    return new SystemError("netlink", number, text);
  }

  /** Beyond net.core.rmem_max only with CAP_NET_ADMIN over the initial namespace; without it, as far as that. */
  #enlargeQueue(bytes: number): void {
    const value = Buffer.alloc(4);
    value.writeUInt32LE(bytes);
    if (libc().setsockopt(this.#fd, SOL_SOCKET, SO_RCVBUFFORCE, value, 4) === 0) return;
    check("setsockopt", libc().setsockopt(this.#fd, SOL_SOCKET, SO_RCVBUF, value, 4), "netlink");
  }

  /** Its descriptor may be somebody else's by now. */
  #requireOpen(syscall: string): void {
    if (this.#held.disposed) throw new SystemError(syscall, ERRNO.EBADF, "netlink, closed");
  }

  close(): void {
    this.#held.dispose();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
