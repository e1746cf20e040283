/**
 * Everything said to the kernel, in reading order.
 *
 * But for `runProbes`, `pingHandshake` and `awaitThreadEnd` all of it is synchronous and of the calling thread. What is opened
 * for a namespace is read from anywhere, keeps the namespace alive, and has to be closed.
 *
 * @packageDocumentation
 */

// C through koffi.

export * from "./libc.ts";
export * from "./system-error.ts";

// Hosts, and threads that live in one.

export * from "./boot-clock.ts";
export * from "./ip-address.ts";
export * from "./lock-file.ts";
export * from "./namespace-cookie.ts";
export * from "./network-namespace.ts";
export * from "./rootless.ts";
export * from "./sysctls.ts";
export * from "./threads.ts";
export * from "./veth.ts";

// What a host did.

export * from "./conntrack.ts";
export * from "./counters.ts";
export * from "./kernel-counters.ts";
export * from "./listen-queues.ts";
export * from "./port-census.ts";
export * from "./port-range.ts";
export * from "./port-share.ts";
export * from "./proc-tcp-table.ts";
export * from "./sock-diag.ts";
export * from "./tcp-states.ts";
export * from "./time-wait-ages.ts";

// Its resets, and the kernel's reason for each.

export * from "./explain-reset.ts";
export * from "./reset-capture.ts";
export * from "./reset-events.ts";
export * from "./reset-trace.ts";
export * from "./tracefs.ts";

// How far away another host is.

export * from "./handshake-ping.ts";

// Where it ran, and what it can do.

export * from "./capabilities.ts";
export * from "./environment.ts";
export * from "./network-devices.ts";
export * from "./open-file-limit.ts";
export * from "./open-files.ts";
export * from "./probe.ts";
export * from "./probes.ts";
export * from "./process-identity.ts";
export * from "./read-boot-id.ts";
export * from "./tick-rate.ts";
export * from "./virtualisation.ts";
export * from "./wake-first.ts";

// Sockets at full speed.

export * from "./epoll/epoll.ts";
export * from "./epoll/socket-calls.ts";
export * from "./kernel-memory.ts";
export * from "./listening-socket.ts";
export * from "./socket-abi.ts";
export { encodeSocketAddress } from "./socket-address.ts";
export * from "./uring/operation.ts";
export * from "./uring/probe-uring.ts";
export * from "./uring/ring.ts";
export { RING_SETUPS } from "./uring/ring-layout.ts";
export {
  ACCEPT_MULTISHOT,
  CQE_F_MORE,
  FILE_INDEX_ALLOC,
  OPCODE,
  RECVSEND_POLL_FIRST,
  SQE,
} from "./uring/uring-abi.ts";
