import { ERRNO } from "@churnlab/core";
import {
  EPOLLERR,
  EPOLLHUP,
  EPOLLIN,
  EPOLLOUT,
  EPOLLRDHUP,
  Epoll,
  errno,
  KernelMemory,
  MSG_MORE,
  MSG_NOSIGNAL,
  type ReadinessHandler,
  SHUT_WR,
  SO_LINGER,
  SOL_SOCKET,
  type SocketCalls,
  socketCalls,
} from "@churnlab/linux";
import { monotonicMs } from "../monotonic.ts";
import { FixedBytes, fixedInts } from "../slots/fixed-bytes.ts";
import type { Messages } from "../slots/messages.ts";
import type { Inbox, SlotSockets, SocketEvents } from "../slots/slot-wire.ts";
import type { ThreadHoldings } from "../thread-holdings.ts";

const INBOX_BYTES = 65_536;
export const NO_SOCKET = -1;

export const FAILED: number = EPOLLHUP | EPOLLERR;
/** The stream has an end: whoever reads finds it after the data. */
const ENDING = EPOLLRDHUP | FAILED;
const READABLE = EPOLLIN | ENDING;

export interface EpollSocketsOptions {
  readonly slots: number;
  readonly messages: Messages;
  readonly holdings: ThreadHoldings;
}

/** Non-blocking sockets by slot, and one epoll instance that reports every change of their readiness, wanted or not. */
export abstract class EpollSockets<Events extends SocketEvents>
  implements SlotSockets, ReadinessHandler, Disposable
{
  protected readonly calls: SocketCalls = socketCalls();
  protected readonly epoll: Epoll = new Epoll();
  protected readonly holdings: ThreadHoldings;
  protected readonly events: Events;
  /** Descriptors. */
  protected readonly sockets: Int32Array;
  protected readonly generation: Uint32Array;
  readonly #plain: FixedBytes;
  readonly #last: FixedBytes;
  readonly #flagsOfLast: number;
  /** struct linger {1, 0}: close() sends a reset. */
  readonly #reset: FixedBytes = fixedInts(1, 0);
  /** One for all: what is received is read before the next call. */
  readonly #inboxMemory = new KernelMemory(INBOX_BYTES);
  readonly #inbox: Inbox;
  /** Bytes of the present message that the kernel has not taken yet. */
  readonly #unsent: Int32Array;
  readonly #sendsLast: Uint8Array;
  readonly #letGo: () => void;

  constructor(events: Events, { slots, messages, holdings }: EpollSocketsOptions) {
    this.events = events;
    this.holdings = holdings;
    this.#letGo = holdings.holdDescriptor(this.epoll.fd);
    this.sockets = new Int32Array(slots).fill(NO_SOCKET);
    this.generation = new Uint32Array(slots);
    this.#plain = new FixedBytes(messages.plain);
    this.#last = new FixedBytes(messages.last);
    this.#flagsOfLast = MSG_NOSIGNAL | (messages.endsWithFin === true ? MSG_MORE : 0);
    const { buffer } = this.#inboxMemory;
    this.#inbox = { bytes: new Uint8Array(buffer), words: new Int32Array(buffer) };
    this.#unsent = new Int32Array(slots);
    this.#sendsLast = new Uint8Array(slots);
  }

  receive(_slot: number): void {}

  send(slot: number, last: boolean): void {
    this.#sendsLast[slot] = last ? 1 : 0;
    this.#unsent[slot] = last ? this.#last.length : this.#plain.length;
    this.#sendRest(slot);
  }

  sendPending(slot: number): boolean {
    return (this.#unsent[slot] as number) > 0;
  }

  shutdown(slot: number): void {
    this.calls.shutdown(this.sockets[slot] as number, SHUT_WR);
  }

  close(slot: number, reset: boolean): void {
    const fd = this.sockets[slot] as number;
    if (reset) {
      const { address, length } = this.#reset;
      this.calls.setsockopt(fd, SOL_SOCKET, SO_LINGER, address, length);
    }
    if (fd !== NO_SOCKET) this.calls.close(fd);
    this.sockets[slot] = NO_SOCKET;
    this.#unsent[slot] = 0;
    this.generation[slot] = (this.generation[slot] as number) + 1;
    this.events.closed(slot);
  }

  poll(timeoutMs: number): number {
    return this.epoll.wait(timeoutMs, this);
  }

  ready(slot: number, generation: number, events: number): void {
    if (generation !== this.generation[slot]) return;
    this.events.nowMs = monotonicMs();
    this.changed(slot, events);
    if (events & EPOLLOUT && this.sendPending(slot)) this.#sendRest(slot);
    if (events & READABLE && generation === this.generation[slot]) {
      this.readable(slot, (events & ENDING) !== 0);
    }
  }

  [Symbol.dispose](): void {
    for (const fd of this.sockets) if (fd !== NO_SOCKET) this.calls.close(fd);
    this.#letGo();
    this.epoll.close();
    this.#inboxMemory.free();
    for (const bytes of [this.#plain, this.#last, this.#reset]) bytes.free();
  }

  /** Readiness has changed; called before anything else is done about it. */
  protected abstract changed(slot: number, events: number): void;

  /** All of a message that could not be sent at once is sent. */
  protected abstract sent(slot: number): void;

  /** Edge-triggered: receives until nothing is left. What is received may close the slot, and its number may be in use again. */
  protected readable(slot: number, ending: boolean): void {
    const generation = this.generation[slot];
    while (generation === this.generation[slot]) {
      const fd = this.sockets[slot] as number;
      const length = this.calls.recv(fd, this.#inboxMemory.address, INBOX_BYTES, 0);
      if (length > 0) {
        this.events.received(slot, this.#inbox, length);
        // A short read has emptied the socket; only an end of the stream can be left.
        if (length < INBOX_BYTES && !ending) return;
      } else if (length === 0) {
        this.events.ended(slot);
        return;
      } else {
        const failure = errno();
        if (failure !== ERRNO.EAGAIN) this.events.failed(slot, "receive", failure);
        return;
      }
    }
  }

  #sendRest(slot: number): void {
    const isLast = this.#sendsLast[slot] === 1;
    const message = isLast ? this.#last : this.#plain;
    const flags = isLast ? this.#flagsOfLast : MSG_NOSIGNAL;
    const unsent = this.#unsent[slot] as number;
    const from = message.address + message.length - unsent;
    const sent = this.calls.send(this.sockets[slot] as number, from, unsent, flags);
    if (sent >= 0) {
      this.#unsent[slot] = unsent - sent;
      if (sent === unsent) this.sent(slot);
      return;
    }
    const failure = errno();
    if (failure !== ERRNO.EAGAIN) this.events.failed(slot, "send", failure);
  }
}
