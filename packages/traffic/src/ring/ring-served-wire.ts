import type { CloseMode } from "@churnlab/core";
import {
  ACCEPT_MULTISHOT,
  CLOSE_SLOT,
  CQE_F_MORE,
  FILE_INDEX_ALLOC,
  layOut,
  OPCODE,
  type Operation,
  SQE,
  WORD,
} from "@churnlab/linux";
import type { ServedEvents, ServedPlace, ServedWire } from "../slots/served-wire.ts";
import { encodeResponses } from "../target/encode-responses.ts";
import type { TargetJob } from "../target/target-server.ts";
import { type RingPlace, RingSockets } from "./ring-sockets.ts";
import { ACCEPTING, SENDING, UNHEARD, WATCHING } from "./ring-tags.ts";

const CANCEL_ACCEPT = layOut({ opcode: OPCODE.ASYNC_CANCEL, flags: SQE.SKIP_SUCCESS });

/**
 * Connections accepted into the ring's own table, where the kernel chooses their slots. One operation accepts them all until
 * the table is full: the kernel learns that only after it has accepted one more, and closes it (io_accept, io_uring/net.c).
 * The others then wait in the accept queue, and are accepted one by one, each when there is room for it.
 */
export class RingServedWire extends RingSockets<ServedEvents> implements ServedWire {
  readonly #acceptAll: Operation;
  readonly #acceptOne: Operation;
  readonly #slots: number;
  #open = 0;
  #accepting = false;
  #stopped = false;

  constructor(job: TargetJob, events: ServedEvents, place: ServedPlace & RingPlace) {
    const { workload } = job;
    super(events, {
      ...place,
      messages: { ...encodeResponses(workload), endsWithFin: workload.close === "fin" },
      receivedBytes: workload.requestBytes,
    });
    const accept = { opcode: OPCODE.ACCEPT, fd: place.listener, fileIndex: FILE_INDEX_ALLOC };
    this.#acceptAll = layOut({ ...accept, ioprio: ACCEPT_MULTISHOT });
    this.#acceptOne = layOut(accept);
    this.#slots = place.slots;
  }

  get accepting(): boolean {
    return this.#accepting;
  }

  override poll(timeoutMs: number): number {
    if (!this.#accepting && !this.#stopped && this.#open < this.#slots) {
      this.#accepting = true;
      const hasRoom = this.#open < this.#slots / 2;
      this.ring.push(hasRoom ? this.#acceptAll : this.#acceptOne, 0, ACCEPTING);
    }
    return super.poll(timeoutMs);
  }

  answer(slot: number): void {
    this.push(this.operations.send, slot, SENDING);
  }

  answerAndClose(slot: number, mode: CloseMode): void {
    if (mode === "half") {
      this.ring.reserve(2);
      this.push(this.operations.sendLastAndLink, slot, SENDING);
      this.push(this.operations.shutdown, slot, UNHEARD);
      return;
    }
    // A send that takes time holds the socket, which is closed for good when all is handed over.
    this.push(this.operations.sendLast, slot, SENDING);
    this.close(slot, mode === "rst");
  }

  watch(slot: number): void {
    this.begin(this.operations.watch, slot, WATCHING);
  }

  stopAccepting(): void {
    this.#stopped = true;
    const at = this.ring.push(CANCEL_ACCEPT, 0, ACCEPTING);
    this.ring.entries[at + WORD.ADDRESS_HIGH] = ACCEPTING;
  }

  override completed(slot: number, tag: number, result: number): void {
    if (tag === ACCEPTING) this.#accepted(result);
    else super.completed(slot, tag, result);
  }

  protected override gone(slot: number): void {
    this.#open -= 1;
    super.gone(slot);
  }

  protected otherCompleted(slot: number): void {
    this.events.readable(slot);
  }

  #accepted(result: number): void {
    // Accepting ends by itself when it fails, as when the table is full; a later turn begins it again.
    if ((this.ring.completionFlags & CQE_F_MORE) === 0) this.#accepting = false;
    if (result < 0) {
      if (!this.#stopped) this.events.notAccepted(-result);
      return;
    }
    if (this.#stopped) this.ring.push(CLOSE_SLOT, result, ACCEPTING);
    else {
      this.#open += 1;
      this.events.accepted(result);
    }
  }
}
