import type { ConnectionStep } from "@churnlab/core";

/** Bytes of one slot that have just been received. Both views begin at the same address, which is a multiple of 4. */
export interface Inbox {
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
}

/**
 * All connections of one worker as an engine that blocks its thread carries them, by slot: the counterpart of `Wire`, for
 * engines that make no object per connection. It knows bytes and sockets, nothing of workloads, phases or counts.
 */
export interface SlotWire {
  open(slot: number): void;
  /** Sends a request; `last` is the request after whose answer the server closes. */
  send(slot: number, last: boolean): void;
  /** Wants the next bytes, or the end of the stream. Does nothing where it is wanted already. */
  receive(slot: number): void;
  /** shutdown(SHUT_WR). */
  shutdown(slot: number): void;
  /** Closes at once, with a reset or without. `closed` follows, maybe before this returns. */
  close(slot: number, reset: boolean): void;
  /** Whether the request is not yet handed to the kernel. */
  sendPending(slot: number): boolean;
  /** Reports what has happened; waits for that, at most this long. */
  poll(timeoutMs: number): void;
}

/** What a wire reports. Each call may close the slot it is about. */
export interface SlotEvents {
  /** Milliseconds on CLOCK_MONOTONIC; a wire that looks at the clock brings it up to date. */
  nowMs: number;
  established(slot: number): void;
  received(slot: number, inbox: Inbox, length: number): void;
  /** The peer has ended its stream. */
  ended(slot: number): void;
  /** A call failed; errno is positive. */
  failed(slot: number, step: ConnectionStep, errno: number): void;
  /** The socket is gone: the last of a connection. */
  closed(slot: number): void;
}
