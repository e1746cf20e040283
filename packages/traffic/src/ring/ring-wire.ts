import { ERRNO } from "@churnlab/core";
import type { WorkerJob } from "../engine.ts";
import { encodeRequests } from "../requests.ts";
import type { SlotEvents, SlotWire } from "../slots/slot-wire.ts";
import { OpeningChain } from "./opening-chain.ts";
import { type RingPlace, RingSockets } from "./ring-sockets.ts";
import { BIND_FAILED, OPENING, SENDING, UNHEARD } from "./ring-tags.ts";

/** A request of at most this size fits into an empty send buffer, so that it is sent while it is handed over. */
const SENT_AT_ONCE_BYTES = 4096;

/** The client's connections, carried by io_uring. */
export class RingWire extends RingSockets<SlotEvents> implements SlotWire {
  readonly #opening: OpeningChain;
  readonly #sendIsHeard: boolean;
  readonly #bound: boolean;

  constructor(job: WorkerJob, events: SlotEvents, place: RingPlace) {
    const { workload, target } = job;
    const messages = encodeRequests(workload, target);
    super(events, { ...place, messages, receivedBytes: workload.responseBytes });
    this.#opening = new OpeningChain(job, place.slots);
    this.#sendIsHeard = messages.plain.length > SENT_AT_ONCE_BYTES;
    this.#bound = workload.bind !== "none";
  }

  open(slot: number): void {
    this.inFlight[slot] = OPENING;
    this.#opening.push(this.ring, slot, this.generationOf(slot));
  }

  send(slot: number, last: boolean): void {
    const { send, sendLast, sendHeard, sendLastHeard, receiveLater } = this.operations;
    if (this.#sendIsHeard) this.begin(last ? sendLastHeard : sendHeard, slot, SENDING);
    else this.push(last ? sendLast : send, slot, SENDING);
    this.receiveBy(receiveLater, slot);
  }

  sendPending(slot: number): boolean {
    return ((this.inFlight[slot] as number) & SENDING) !== 0;
  }

  shutdown(slot: number): void {
    this.push(this.operations.shutdown, slot, UNHEARD);
  }

  override [Symbol.dispose](): void {
    super[Symbol.dispose]();
    this.#opening.free();
  }

  protected otherCompleted(slot: number, kind: number, result: number): void {
    if (result >= 0) {
      this.events.established(slot);
      return;
    }
    // A bound port that is taken may be noticed by connect only; it is the same failure.
    const bind = kind === BIND_FAILED || (this.#bound && result === -ERRNO.EADDRINUSE);
    this.events.failed(slot, bind ? "bind" : "connect", -result);
  }
}
