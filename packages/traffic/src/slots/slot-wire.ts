import type { ConnectionStep } from "@churnlab/core";
import type { ThreadHoldings } from "../thread-holdings.ts";

/** Bytes of one slot that have just been received. Both views begin at the same address, which is a multiple of 4. */
export interface Inbox {
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
}

/**
 * All connected sockets of one thread as an engine that blocks it carries them, by slot: the counterpart of `Wire`, with no
 * object per connection. It knows bytes and sockets, nothing of workloads, phases or counts.
 */
export interface SlotSockets {
  /** Wants the next bytes, or the end of the stream. Does nothing where it is wanted already. */
  receive(slot: number): void;
  /** Closes at once, with a reset or without. `closed` follows, maybe before this returns. */
  close(slot: number, reset: boolean): void;
  /** Reports what has happened; waits for that, at most this long. Returns how much has happened. */
  poll(timeoutMs: number): number;
}

/** What is reported of a socket. Each call may close the slot it is about. */
export interface SocketEvents {
  /** Milliseconds on CLOCK_MONOTONIC, brought up to date before anything is reported. */
  nowMs: number;
  received(slot: number, inbox: Inbox, length: number): void;
  /** The peer has ended its stream. */
  ended(slot: number): void;
  /** A call failed; errno is positive. */
  failed(slot: number, step: ConnectionStep, errno: number): void;
  /** The socket is gone: the last of a connection. */
  closed(slot: number): void;
}

/** What a thread gives to its sockets. */
export interface SlotPlace {
  /** How many connections can be open at the same time. */
  readonly slots: number;
  readonly holdings: ThreadHoldings;
}

/** Sockets that are opened from here. */
export interface SlotWire extends SlotSockets {
  open(slot: number): void;
  /** Sends a request; `last` is the request after whose answer the server closes. */
  send(slot: number, last: boolean): void;
  /** Whether the request is not yet handed to the kernel. */
  sendPending(slot: number): boolean;
  /** shutdown(SHUT_WR). */
  shutdown(slot: number): void;
}

export interface SlotEvents extends SocketEvents {
  established(slot: number): void;
}
