import { ERRNO, type ErrnoName, nameErrno } from "@churnlab/core/errno";
import { bindC, check, errno, libc } from "./libc.ts";
import {
  AF_INET,
  AF_INET6,
  SO_ERROR,
  SO_LINGER,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  SOL_SOCKET,
} from "./socket-abi.ts";
import { encodeSocketAddress } from "./socket-address.ts";
import { readHandshakeInfo } from "./tcp-info.ts";

/** include/uapi/asm-generic/poll.h */
const POLLOUT = 4;
/** A wait is cut into slices, between which signals and timers of this thread are served. */
const SLICE_MS = 20;

/**
 * What came back to a SYN. `open`: SYN-ACK, whatever followed. `closed`: RST, or an ICMP port-unreachable, which connect() reports the same
 * way. `filtered`: nothing. `unreachable`: an ICMP error, or no host at the address. `unsent`: this host sent no SYN, for
 * lack of a local port, a route, a descriptor or a permission.
 */
export const HANDSHAKE_ANSWERS = ["open", "closed", "filtered", "unreachable", "unsent"] as const;
export type HandshakeAnswer = (typeof HANDSHAKE_ANSWERS)[number];

export interface Handshake {
  readonly answer: HandshakeAnswer;
  /** From the SYN to its answer; null without one. */
  readonly rttUs: number | null;
  /**
   * `kernel`: TCP_INFO's tcpi_rtt, from the SYN's transmission to its SYN-ACK. `clock`: from before connect() to after
   * the wake-up, so with the cost of both.
   */
  readonly measuredBy: "kernel" | "clock" | null;
  /**
   * How connect() ended; null when it succeeded. ETIMEDOUT without an answer; ECONNRESET or EPIPE where the other side
   * reset the open connection at once.
   */
  readonly errno: ErrnoName | null;
  /** SYNs beyond the first; a lost one costs a second. */
  readonly retransmitted: number;
}

export interface HandshakeOptions {
  /** An IP address. */
  readonly address: string;
  readonly port: number;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/**
 * One TCP handshake without raw sockets: a non-blocking connect(), ended with RST (SO_LINGER 0), so that neither side
 * keeps a TIME_WAIT. Any user may. An abort ends the wait as a time-out does. Throws `SystemError` when a call fails that
 * has nothing to do with the network.
 */
export async function pingHandshake(options: HandshakeOptions): Promise<Handshake> {
  const target = encodeSocketAddress(options.address, options.port);
  const family = options.address.includes(":") ? AF_INET6 : AF_INET;
  const fd = libc().socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd === -1) return unanswered("unsent", errno());
  try {
    const abort = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]);
    check("setsockopt", libc().setsockopt(fd, SOL_SOCKET, SO_LINGER, abort, abort.length));
    const begunMs = performance.now();
    if (bindConnect()(fd, target, target.length) === -1) {
      const refused = errno();
      if (refused === ERRNO.ECONNREFUSED) return closed(usSince(begunMs));
      if (refused !== ERRNO.EINPROGRESS) return unanswered("unsent", refused);
    }
    if (!(await waitForAnswer(fd, options))) return unanswered("filtered", ERRNO.ETIMEDOUT);
    const clockUs = usSince(begunMs);
    const failure = readPendingError(fd);
    if (failure === ERRNO.ECONNREFUSED) return closed(clockUs);
    if (failure === ERRNO.ETIMEDOUT) return unanswered("filtered", failure);
    const isReset = failure === ERRNO.ECONNRESET || failure === ERRNO.EPIPE;
    if (failure !== 0 && !isReset) return unanswered("unreachable", failure);
    return open(fd, { clockUs, errno: isReset ? nameErrno(failure) : null });
  } finally {
    libc().close(fd);
  }
}

/** The kernel keeps what it measured after a reset: only a connection that was open has ECONNRESET (tcp_reset). */
function open(
  fd: number,
  { clockUs, errno: after }: { readonly clockUs: number; readonly errno: ErrnoName | null },
): Handshake {
  const { rttUs, retransmitted } = readHandshakeInfo(fd);
  // No sample where the SYN went twice and carried no timestamp (RFC 6298 §3).
  return rttUs > 0
    ? { answer: "open", rttUs, measuredBy: "kernel", errno: after, retransmitted }
    : { answer: "open", rttUs: clockUs, measuredBy: "clock", errno: after, retransmitted };
}

function closed(rttUs: number): Handshake {
  return {
    answer: "closed",
    rttUs,
    measuredBy: "clock",
    errno: "ECONNREFUSED",
    retransmitted: 0,
  };
}

function unanswered(answer: HandshakeAnswer, failure: number): Handshake {
  return { answer, rttUs: null, measuredBy: null, errno: nameErrno(failure), retransmitted: 0 };
}

/** Whether the kernel says within the time that connect() is over. */
async function waitForAnswer(
  fd: number,
  { timeoutMs, signal }: HandshakeOptions,
): Promise<boolean> {
  const untilMs = performance.now() + timeoutMs;
  for (;;) {
    const leftMs = Math.ceil(untilMs - performance.now());
    if (pollForWrite(fd, Math.max(0, Math.min(SLICE_MS, leftMs)))) return true;
    if (leftMs <= 0 || signal?.aborted === true) return false;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function pollForWrite(fd: number, timeoutMs: number): boolean {
  const entry = Buffer.alloc(8);
  entry.writeInt32LE(fd, 0);
  entry.writeInt16LE(POLLOUT, 4);
  const ready = bindPoll()(entry, 1, timeoutMs);
  if (ready === -1 && errno() === ERRNO.EINTR) return false;
  return check("poll", ready) > 0;
}

function readPendingError(fd: number): number {
  const value = Buffer.alloc(4);
  const length = Buffer.from([4, 0, 0, 0]);
  check("getsockopt", libc().getsockopt(fd, SOL_SOCKET, SO_ERROR, value, length));
  return value.readInt32LE(0);
}

function usSince(begunMs: number): number {
  return (performance.now() - begunMs) * 1000;
}

type Connect = (fd: number, address: Uint8Array, length: number) => number;
type Poll = (entries: Uint8Array, count: number, timeoutMs: number) => number;

let connect: Connect | undefined;
let poll: Poll | undefined;

function bindConnect(): Connect {
  connect ??= bindC<Connect>("int connect(int fd, const void *address, uint32_t length)");
  return connect;
}

function bindPoll(): Poll {
  poll ??= bindC<Poll>("int poll(void *entries, unsigned long count, int timeout)");
  return poll;
}
