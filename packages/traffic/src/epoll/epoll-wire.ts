import { isIPv6 } from "node:net";
import { ERRNO } from "@churnlab/core";
import {
  AF_INET,
  AF_INET6,
  encodeSocketAddress,
  errno,
  SO_ERROR,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  SOL_SOCKET,
} from "@churnlab/linux";
import type { WorkerJob } from "../engine.ts";
import { encodeRequests } from "../requests.ts";
import { FixedBytes, fixedInts } from "../slots/fixed-bytes.ts";
import type { SlotEvents, SlotPlace, SlotWire } from "../slots/slot-wire.ts";
import { EpollSockets, FAILED, NO_SOCKET } from "./epoll-sockets.ts";
import { LocalEnd } from "./local-end.ts";

/** The client's connections, carried by non-blocking sockets. */
export class EpollWire extends EpollSockets<SlotEvents> implements SlotWire {
  readonly #family: number;
  readonly #remote: FixedBytes;
  readonly #localEnd: LocalEnd | null;
  readonly #connecting: Uint8Array;
  /** An int and its length, for getsockopt. */
  readonly #answer: FixedBytes = fixedInts(0, 4);

  constructor(job: WorkerJob, events: SlotEvents, place: SlotPlace) {
    const { workload, target } = job;
    const { slots } = place;
    super(events, { ...place, messages: encodeRequests(workload, target) });
    this.#family = isIPv6(target.host) ? AF_INET6 : AF_INET;
    this.#remote = new FixedBytes(encodeSocketAddress(target.host, target.port));
    this.#localEnd = workload.bind === "none" ? null : new LocalEnd(job, workload.bind);
    this.#connecting = new Uint8Array(slots);
  }

  open(slot: number): void {
    const type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
    const { opening } = this.holdings;
    opening[0] = this.calls.socket(this.#family, type, 0) + 1;
    const fd = opening[0] - 1;
    const refusal = fd === NO_SOCKET ? errno() : 0;
    this.sockets[slot] = fd;
    this.#connecting[slot] = 1;
    if (refusal !== 0) {
      this.events.failed(slot, "connect", refusal);
      return;
    }
    const unbound = this.#localEnd?.bind(fd) ?? 0;
    const refused = unbound === 0 ? this.#connect(fd, slot) : 0;
    opening[0] = 0;
    if (unbound !== 0) this.events.failed(slot, "bind", unbound);
    else if (refused !== 0) this.#failed(slot, refused);
  }

  override [Symbol.dispose](): void {
    super[Symbol.dispose]();
    this.#localEnd?.free();
    this.#remote.free();
    this.#answer.free();
  }

  protected changed(slot: number, events: number): void {
    if (this.#connecting[slot] === 0) return;
    this.#connecting[slot] = 0;
    if (events & FAILED) this.#failed(slot, this.#socketError(slot));
    else this.events.established(slot);
  }

  protected sent(): void {}

  /** Returns 0 when it is under way, or the errno of the refusal. */
  #connect(fd: number, slot: number): number {
    const { address, length } = this.#remote;
    if (this.calls.connect(fd, address, length) === -1) {
      const failure = errno();
      if (failure !== ERRNO.EINPROGRESS) return failure;
    }
    return this.epoll.add(fd, slot, this.generation[slot] as number);
  }

  #failed(slot: number, failure: number): void {
    // A bound port that is taken may be noticed by connect only; it is the same failure.
    const bind = this.#localEnd !== null && failure === ERRNO.EADDRINUSE;
    this.events.failed(slot, bind ? "bind" : "connect", failure);
  }

  #socketError(slot: number): number {
    const { bytes, address } = this.#answer;
    bytes.writeInt32LE(4, 4);
    const fd = this.sockets[slot] as number;
    const result = this.calls.getsockopt(fd, SOL_SOCKET, SO_ERROR, address, address + 4);
    return result === -1 ? errno() : bytes.readInt32LE(0);
  }
}
