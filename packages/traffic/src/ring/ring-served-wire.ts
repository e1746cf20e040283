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

/** Connections accepted into the ring's own table: one operation accepts them all, and the kernel chooses their slots. */
export class RingServedWire extends RingSockets<ServedEvents> implements ServedWire {
  readonly #accept: Operation;
  #accepting = false;
  #stopped = false;

  constructor(job: TargetJob, events: ServedEvents, place: ServedPlace & RingPlace) {
    const { workload } = job;
    super(events, {
      ...place,
      messages: { ...encodeResponses(workload), endsWithFin: workload.close === "fin" },
      receivedBytes: workload.requestBytes,
    });
    this.#accept = layOut({
      opcode: OPCODE.ACCEPT,
      ioprio: ACCEPT_MULTISHOT,
      fd: place.listener,
      fileIndex: FILE_INDEX_ALLOC,
    });
  }

  get accepting(): boolean {
    return this.#accepting;
  }

  override poll(timeoutMs: number): number {
    if (!this.#accepting && !this.#stopped) {
      this.#accepting = true;
      this.ring.push(this.#accept, 0, ACCEPTING);
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

  protected otherCompleted(slot: number): void {
    this.events.readable(slot);
  }

  #accepted(result: number): void {
    // It ends by itself when an accept fails, as when the table is full; the next turn begins it again.
    if ((this.ring.completionFlags & CQE_F_MORE) === 0) this.#accepting = false;
    if (result < 0) return;
    if (this.#stopped) this.ring.push(CLOSE_SLOT, result, ACCEPTING);
    else this.events.accepted(result);
  }
}
