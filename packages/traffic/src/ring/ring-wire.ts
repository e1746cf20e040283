import { type ConnectionStep, ERRNO } from "@churnlab/core";
import {
  CLOSE_SLOT,
  type CompletionHandler,
  layOut,
  OPCODE,
  type Operation,
  Ring,
  SQE,
  setAddress,
  WORD,
} from "@churnlab/linux";
import type { WorkerJob } from "../engine.ts";
import { monotonicMs } from "../monotonic.ts";
import type { SlotEvents, SlotWire } from "../slots/slot-wire.ts";
import { ConnectedOperations } from "./connected-operations.ts";
import { InboxPool, type KernelInbox } from "./inbox-pool.ts";
import { OpeningChain } from "./opening-chain.ts";
import {
  BIND_FAILED,
  CLOSED,
  ONE_GENERATION,
  OPENING,
  RECEIVING,
  SENDING,
  UNHEARD,
} from "./ring-tags.ts";

const CANCEL = layOut({ opcode: OPCODE.ASYNC_CANCEL, flags: SQE.SKIP_SUCCESS });

const STEP_OF: Readonly<Record<number, ConnectionStep>> = {
  [SENDING]: "send",
  [RECEIVING]: "receive",
};

const INBOX_BYTES_MIN = 4096;
const INBOX_BYTES_MAX = 65_536;
const HEAD_BYTES_TYPICAL = 512;

/**
 * Connections carried by io_uring, their sockets in the ring's own table. At any time a slot has at most one opening chain or
 * one receive in flight, and perhaps a send; it is given back when the completions of all of them have been seen, so no
 * memory that the kernel writes to is ever used twice at once.
 *
 * Time-outs are kept by whoever uses this: `close` cancels what is in flight. A linked timeout for each step costs 5 of 47 µs
 * per connection for the same effect.
 */
export class RingWire implements SlotWire, CompletionHandler, Disposable {
  readonly #ring: Ring;
  readonly #events: SlotEvents;
  readonly #opening: OpeningChain;
  readonly #connected: ConnectedOperations;
  readonly #inboxes: InboxPool;
  /** Connections that carry no request receive nothing but their end, so they can share an inbox. */
  readonly #sharedInbox: KernelInbox | null;
  readonly #bound: boolean;
  readonly #inFlight: Uint8Array;
  /** Already shifted to its place in a tag. */
  readonly #generation: Uint32Array;

  constructor(job: WorkerJob, events: SlotEvents, slots: number) {
    const { workload, target } = job;
    this.#ring = new Ring({ slots });
    this.#events = events;
    this.#opening = new OpeningChain(job, slots);
    this.#inboxes = new InboxPool(inboxBytesFor(workload.responseBytes));
    this.#connected = new ConnectedOperations(workload, target, this.#inboxes.inboxBytes);
    this.#sharedInbox = workload.kind === "hold" ? this.#inboxes.of(0) : null;
    this.#bound = workload.bind !== "none";
    this.#inFlight = new Uint8Array(slots);
    this.#generation = new Uint32Array(slots);
  }

  open(slot: number): void {
    this.#inFlight[slot] = OPENING;
    this.#opening.push(this.#ring, slot, this.#generation[slot] as number);
  }

  send(slot: number, last: boolean): void {
    const { send, sendLast, sendIsHeard, receiveLater } = this.#connected;
    this.#push(last ? sendLast : send, slot, SENDING);
    if (sendIsHeard) this.#inFlight[slot] = (this.#inFlight[slot] as number) | SENDING;
    this.#receive(slot, receiveLater);
  }

  receive(slot: number): void {
    this.#receive(slot, this.#connected.receive);
  }

  shutdown(slot: number): void {
    this.#push(this.#connected.shutdown, slot, UNHEARD);
  }

  sendPending(slot: number): boolean {
    return ((this.#inFlight[slot] as number) & SENDING) !== 0;
  }

  close(slot: number, reset: boolean): void {
    const inFlight = this.#inFlight[slot] as number;
    if (reset) this.#push(this.#connected.linger, slot, UNHEARD);
    for (let tag = OPENING; tag <= SENDING; tag <<= 1) if (inFlight & tag) this.#cancel(slot, tag);
    this.#push(CLOSE_SLOT, slot, UNHEARD);
    this.#inFlight[slot] = inFlight | CLOSED;
    if (inFlight === 0) this.#gone(slot);
  }

  poll(timeoutMs: number): void {
    this.#ring.wait(timeoutMs);
    this.#events.nowMs = monotonicMs();
    this.#ring.reap(this);
  }

  completed(slot: number, tag: number, result: number): void {
    const generation = this.#generation[slot] as number;
    const kind = tag & 0xff;
    // What fails after its slot was given back concerns nobody; success of such operations is not even reported.
    if (tag - kind !== generation) return;
    const inFlight = (this.#inFlight[slot] as number) & ~(kind & 0x0f);
    this.#inFlight[slot] = inFlight;
    if (inFlight & CLOSED) {
      if (inFlight === CLOSED) this.#gone(slot);
    } else if (kind === RECEIVING) {
      this.#received(slot, result);
    } else if (kind === OPENING) {
      this.#opened(slot, result);
    } else if (result < 0) {
      this.#failed(slot, kind, -result);
    }
  }

  /** Gives everything back. Where the kernel may still write to an inbox, because a run broke off, that memory stays. */
  [Symbol.dispose](): void {
    this.#ring.submit();
    this.#ring.close();
    this.#opening.free();
    this.#connected.free();
    if (this.#inFlight.every((operations) => operations === 0)) this.#inboxes.free();
  }

  #opened(slot: number, result: number): void {
    if (result < 0) this.#failed(slot, OPENING, -result);
    else this.#events.established(slot);
  }

  #received(slot: number, result: number): void {
    if (result > 0) this.#events.received(slot, this.#inboxOf(slot), result);
    else if (result === 0) this.#events.ended(slot);
    else this.#failed(slot, RECEIVING, -result);
  }

  #failed(slot: number, kind: number, errno: number): void {
    if (kind === UNHEARD) return;
    // A bound port that is taken may be noticed by connect only; it is the same failure.
    const bind = kind === BIND_FAILED || (this.#bound && errno === ERRNO.EADDRINUSE);
    this.#events.failed(slot, bind ? "bind" : (STEP_OF[kind] ?? "connect"), errno);
  }

  #receive(slot: number, operation: Operation): void {
    const inFlight = this.#inFlight[slot] as number;
    if (inFlight & RECEIVING) return;
    this.#inFlight[slot] = inFlight | RECEIVING;
    const at = this.#push(operation, slot, RECEIVING);
    setAddress(this.#ring.entries, at, this.#inboxOf(slot).address);
  }

  #inboxOf(slot: number): KernelInbox {
    return this.#sharedInbox ?? this.#inboxes.of(slot);
  }

  #cancel(slot: number, tag: number): void {
    const at = this.#push(CANCEL, slot, UNHEARD);
    const { entries } = this.#ring;
    // The user data of what is to be cancelled.
    entries[at + WORD.ADDRESS_LOW] = slot;
    entries[at + WORD.ADDRESS_HIGH] = tag | (this.#generation[slot] as number);
  }

  #gone(slot: number): void {
    this.#inFlight[slot] = 0;
    this.#generation[slot] = (this.#generation[slot] as number) + ONE_GENERATION;
    this.#events.closed(slot);
  }

  #push(operation: Operation, slot: number, tag: number): number {
    return this.#ring.push(operation, slot, tag | (this.#generation[slot] as number));
  }
}

function inboxBytesFor(responseBytes: number): number {
  const wanted = 2 ** Math.ceil(Math.log2(responseBytes + HEAD_BYTES_TYPICAL));
  return Math.min(INBOX_BYTES_MAX, Math.max(INBOX_BYTES_MIN, wanted));
}
