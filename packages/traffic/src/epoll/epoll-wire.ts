import { isIPv6 } from "node:net";
import { ERRNO } from "@churnlab/core";
import {
  AF_INET,
  AF_INET6,
  encodeSocketAddress,
  errno,
  KernelMemory,
  MSG_NOSIGNAL,
  SHUT_WR,
  SO_ERROR,
  SO_LINGER,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  SOL_SOCKET,
} from "@churnlab/linux";
import type { WorkerJob } from "../engine.ts";
import { monotonicMs } from "../monotonic.ts";
import { encodeRequests } from "../requests.ts";
import { FixedBytes, fixedInts } from "../slots/fixed-bytes.ts";
import type { Inbox, SlotEvents, SlotWire } from "../slots/slot-wire.ts";
import {
  EPOLLERR,
  EPOLLHUP,
  EPOLLIN,
  EPOLLOUT,
  EPOLLRDHUP,
  Epoll,
  type ReadinessHandler,
} from "./epoll.ts";
import { LocalEnd } from "./local-end.ts";
import { type SocketCalls, socketCalls } from "./socket-calls.ts";

const INBOX_BYTES = 65_536;
const NO_SOCKET = -1;

const FAILED = EPOLLHUP | EPOLLERR;
/** The stream has an end: whoever reads finds it after the data. */
const ENDING = EPOLLRDHUP | FAILED;
const READABLE = EPOLLIN | ENDING;

/** Connections carried by non-blocking sockets and one epoll instance, for where io_uring is refused. */
export class EpollWire implements SlotWire, ReadinessHandler, Disposable {
  readonly #calls: SocketCalls = socketCalls();
  readonly #epoll = new Epoll();
  readonly #events: SlotEvents;
  readonly #family: number;
  readonly #remote: FixedBytes;
  readonly #localEnd: LocalEnd | null;
  readonly #requests: { readonly plain: FixedBytes; readonly last: FixedBytes };
  /** struct linger {1, 0}: close() sends a reset. */
  readonly #reset: FixedBytes = fixedInts(1, 0);
  /** An int and its length, for getsockopt. */
  readonly #answer: FixedBytes = fixedInts(0, 4);
  /** One for all: what is received is read before the next call. */
  readonly #inboxMemory = new KernelMemory(INBOX_BYTES);
  readonly #inbox: Inbox;
  readonly #sockets: Int32Array;
  readonly #generation: Uint32Array;
  readonly #connecting: Uint8Array;
  /** Bytes of the present request that the kernel has not taken yet. */
  readonly #unsent: Int32Array;
  readonly #unsentLast: Uint8Array;

  constructor(job: WorkerJob, events: SlotEvents, slots: number) {
    const { workload, target } = job;
    const { plain, last } = encodeRequests(workload, target);
    this.#events = events;
    this.#family = isIPv6(target.host) ? AF_INET6 : AF_INET;
    this.#remote = new FixedBytes(encodeSocketAddress(target.host, target.port));
    this.#localEnd = workload.bind === "none" ? null : new LocalEnd(job, workload.bind);
    this.#requests = { plain: new FixedBytes(plain), last: new FixedBytes(last) };
    const { buffer } = this.#inboxMemory;
    this.#inbox = { bytes: new Uint8Array(buffer), words: new Int32Array(buffer) };
    this.#sockets = new Int32Array(slots).fill(NO_SOCKET);
    this.#generation = new Uint32Array(slots);
    this.#connecting = new Uint8Array(slots);
    this.#unsent = new Int32Array(slots);
    this.#unsentLast = new Uint8Array(slots);
  }

  open(slot: number): void {
    const type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
    const fd = this.#calls.socket(this.#family, type, 0);
    this.#sockets[slot] = fd;
    this.#unsent[slot] = 0;
    if (fd === NO_SOCKET) {
      this.#events.failed(slot, "connect", errno());
      return;
    }
    const unbound = this.#localEnd?.bind(fd) ?? 0;
    if (unbound !== 0) {
      this.#events.failed(slot, "bind", unbound);
      return;
    }
    const refused = this.#connect(fd, slot);
    if (refused !== 0) this.#failedToConnect(slot, refused);
  }

  send(slot: number, last: boolean): void {
    this.#unsentLast[slot] = last ? 1 : 0;
    this.#unsent[slot] = last ? this.#requests.last.length : this.#requests.plain.length;
    this.#sendRest(slot);
  }

  /** Readiness is reported as it changes, wanted or not. */
  receive(): void {}

  shutdown(slot: number): void {
    this.#calls.shutdown(this.#sockets[slot] as number, SHUT_WR);
  }

  sendPending(slot: number): boolean {
    return (this.#unsent[slot] as number) > 0;
  }

  close(slot: number, reset: boolean): void {
    const fd = this.#sockets[slot] as number;
    if (reset) {
      const { address, length } = this.#reset;
      this.#calls.setsockopt(fd, SOL_SOCKET, SO_LINGER, address, length);
    }
    if (fd !== NO_SOCKET) this.#calls.close(fd);
    this.#sockets[slot] = NO_SOCKET;
    this.#connecting[slot] = 0;
    this.#generation[slot] = (this.#generation[slot] as number) + 1;
    this.#events.closed(slot);
  }

  poll(timeoutMs: number): void {
    this.#epoll.wait(timeoutMs, this);
  }

  ready(slot: number, generation: number, events: number): void {
    if (generation !== this.#generation[slot]) return;
    this.#events.nowMs = monotonicMs();
    if (this.#connecting[slot] === 1) this.#connected(slot, events);
    else if (events & EPOLLOUT && this.sendPending(slot)) this.#sendRest(slot);
    if (events & READABLE) this.#receiveAll(slot, generation, (events & ENDING) !== 0);
  }

  [Symbol.dispose](): void {
    for (const fd of this.#sockets) if (fd !== NO_SOCKET) this.#calls.close(fd);
    this.#epoll.close();
    this.#localEnd?.free();
    this.#inboxMemory.free();
    const { plain, last } = this.#requests;
    for (const bytes of [this.#remote, plain, last, this.#reset, this.#answer]) bytes.free();
  }

  /** Returns 0 when it is under way, or the errno of the refusal. */
  #connect(fd: number, slot: number): number {
    const { address, length } = this.#remote;
    if (this.#calls.connect(fd, address, length) === -1) {
      const failure = errno();
      if (failure !== ERRNO.EINPROGRESS) return failure;
    }
    this.#connecting[slot] = 1;
    return this.#epoll.add(fd, slot, this.#generation[slot] as number);
  }

  #connected(slot: number, events: number): void {
    this.#connecting[slot] = 0;
    if (events & FAILED) this.#failedToConnect(slot, this.#socketError(slot));
    else this.#events.established(slot);
  }

  #failedToConnect(slot: number, failure: number): void {
    // A bound port that is taken may be noticed by connect only; it is the same failure.
    const bind = this.#localEnd !== null && failure === ERRNO.EADDRINUSE;
    this.#events.failed(slot, bind ? "bind" : "connect", failure);
  }

  #socketError(slot: number): number {
    const { bytes, address } = this.#answer;
    bytes.writeInt32LE(4, 4);
    const fd = this.#sockets[slot] as number;
    const result = this.#calls.getsockopt(fd, SOL_SOCKET, SO_ERROR, address, address + 4);
    return result === -1 ? errno() : bytes.readInt32LE(0);
  }

  #sendRest(slot: number): void {
    const request = this.#unsentLast[slot] === 1 ? this.#requests.last : this.#requests.plain;
    const unsent = this.#unsent[slot] as number;
    const from = request.address + request.length - unsent;
    const sent = this.#calls.send(this.#sockets[slot] as number, from, unsent, MSG_NOSIGNAL);
    if (sent >= 0) {
      this.#unsent[slot] = unsent - sent;
      return;
    }
    const failure = errno();
    if (failure !== ERRNO.EAGAIN) this.#events.failed(slot, "send", failure);
  }

  /** Edge-triggered: reads until nothing is left. What is received may close the slot, and its number may be in use again. */
  #receiveAll(slot: number, generation: number, ending: boolean): void {
    while (generation === this.#generation[slot]) {
      const fd = this.#sockets[slot] as number;
      const length = this.#calls.recv(fd, this.#inboxMemory.address, INBOX_BYTES, 0);
      if (length > 0) {
        this.#events.received(slot, this.#inbox, length);
        // A short read has emptied the socket; only an end of the stream can be left.
        if (length < INBOX_BYTES && !ending) return;
      } else if (length === 0) {
        this.#events.ended(slot);
        return;
      } else {
        const failure = errno();
        if (failure !== ERRNO.EAGAIN) this.#events.failed(slot, "receive", failure);
        return;
      }
    }
  }
}
