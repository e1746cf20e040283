import type { ConnectionStep } from "@churnlab/core";
import { monotonicMs } from "../monotonic.ts";
import { createRequestReader, type RequestReader } from "../target/request-reader.ts";
import type { TargetCounters } from "../target/target-counters.ts";
import type { TargetJob } from "../target/target-server.ts";
import { DelayQueue } from "./delay-queue.ts";
import { KnownBytes } from "./known-bytes.ts";
import type { ServedEvents, ServedWire } from "./served-wire.ts";
import type { Inbox } from "./slot-wire.ts";

/** How often the stop flag is looked at. */
const LOOK_EVERY_MS = 10;

/** How often a stopped server looks whether more has come. */
const LAST_TURNS_MAX = 1000;

/** Bits of a slot's state; none when it is free, or closed and not yet given back. */
const OPEN = 1;
const CLIENT_ENDED = 2;

/** Puts the bit `last` below the number of the connection. */
const LAST = 1;

/**
 * All connections of a server that blocks its thread: which requests have come, when they are answered, and who closes.
 * `TargetServer` says what is done; this does it by slot, without an object per connection.
 */
export class ServedSlots implements ServedEvents {
  nowMs = 0;
  wire!: ServedWire;
  readonly #job: TargetJob;
  readonly #counters: TargetCounters;
  readonly #state: Uint8Array;
  readonly #unanswered: Uint16Array;
  /** Told apart by this, answers that are due after their connection is gone go nowhere. */
  readonly #generation: Uint32Array;
  /** A part of a request has come, or several at once; kept until the connection ends. */
  readonly #readers: (RequestReader | null)[] = [];
  readonly #knownRequest = new KnownBytes();
  readonly #knownLast = new KnownBytes();
  readonly #due = new DelayQueue();
  readonly #neverCloses: boolean;

  constructor(job: TargetJob, counters: TargetCounters, slots: number) {
    this.#job = job;
    this.#counters = counters;
    this.#state = new Uint8Array(slots);
    this.#unanswered = new Uint16Array(slots);
    this.#generation = new Uint32Array(slots);
    this.#neverCloses = job.misbehaviour === "never-close";
  }

  /** Serves until the stop flag is set, and what has come by then; then closes everything. Blocks the thread. */
  run(wire: ServedWire): void {
    this.wire = wire;
    while (!this.#counters.stopping) {
      wire.poll(Math.max(0, Math.min(LOOK_EVERY_MS, this.#due.nextAtMs - monotonicMs())));
      this.#answerDue();
    }
    // Closing the listener would reset what waits to be accepted, and so take TIME_WAIT from clients that have closed.
    for (let turn = 0; turn < LAST_TURNS_MAX && wire.poll(0) > 0; turn++);
    wire.stopAccepting();
    for (let slot = 0; slot < this.#state.length; slot++) {
      if (this.#isOpen(slot)) this.#close(slot, false);
    }
    while (wire.accepting || this.#counters.read("open") > 0) wire.poll(LOOK_EVERY_MS);
  }

  accepted(slot: number): void {
    this.#state[slot] = OPEN;
    this.#unanswered[slot] = 0;
    this.#counters.add("accepted");
    this.#counters.add("open");
    const { misbehaviour } = this.#job;
    if (misbehaviour === "reset-after-accept") this.#close(slot, true);
    else if (misbehaviour === "close-with-unread-data") this.wire.watch(slot);
    else this.wire.receive(slot);
  }

  notAccepted(errno: number): void {
    this.#counters.failAccept(errno);
  }

  /** Closing with unread data makes the kernel send a reset (RFC 2525 §2.17). */
  readable(slot: number): void {
    this.#close(slot, false);
  }

  received(slot: number, inbox: Inbox, length: number): void {
    if (!this.#isOpen(slot)) return;
    const understood = this.#read(slot, inbox, length);
    if (!this.#isOpen(slot)) return;
    if (understood) this.#receiveNext(slot);
    else this.#close(slot, false);
  }

  ended(slot: number): void {
    this.#state[slot] = (this.#state[slot] as number) | CLIENT_ENDED;
    this.#closeIfDone(slot);
  }

  /** The client's resets are its own business. What a send meets, the next receive meets too. */
  failed(slot: number, step: ConnectionStep): void {
    if (step === "receive" && this.#isOpen(slot)) this.#close(slot, false);
  }

  closed(slot: number): void {
    this.#state[slot] = 0;
    this.#generation[slot] = (this.#generation[slot] as number) + 1;
    this.#readers[slot] = null;
    this.#counters.add("open", -1);
  }

  #isOpen(slot: number): boolean {
    return ((this.#state[slot] as number) & OPEN) !== 0;
  }

  /** Returns false when the bytes are no request. */
  #read(slot: number, inbox: Inbox, length: number): boolean {
    const reader = this.#readers[slot] ?? null;
    if (reader !== null) return reader.read(inbox.bytes, 0, length);
    if (this.#knownLast.equal(inbox, length)) {
      this.#requested(slot, true);
      return true;
    }
    if (this.#knownRequest.equal(inbox, length)) {
      this.#requested(slot, false);
      return true;
    }
    return this.#readAndLearn(slot, inbox, length);
  }

  #readAndLearn(slot: number, inbox: Inbox, length: number): boolean {
    let requests = 0;
    let lastOne = false;
    const { workload } = this.#job;
    const reader = createRequestReader(workload, (last) => {
      requests++;
      lastOne = last;
      this.#requested(slot, last);
    });
    const understood = reader.read(inbox.bytes, 0, length);
    if (understood && requests === 1 && reader.between) {
      (lastOne ? this.#knownLast : this.#knownRequest).learn(inbox, length);
    }
    if (this.#isOpen(slot) && !reader.between) this.#readers[slot] = reader;
    return understood;
  }

  #requested(slot: number, last: boolean): void {
    if (!this.#isOpen(slot)) return;
    this.#unanswered[slot] = (this.#unanswered[slot] as number) + 1;
    const { delayMs } = this.#job;
    if (delayMs === 0) this.#answer(slot, last);
    else this.#due.add(slot, this.nowMs + delayMs, this.#noteOf(slot, last));
  }

  #noteOf(slot: number, last: boolean): number {
    return (((this.#generation[slot] as number) << 1) | (last ? LAST : 0)) >>> 0;
  }

  #answerDue(): void {
    const nowMs = monotonicMs();
    this.nowMs = nowMs;
    while (this.#due.nextAtMs <= nowMs) {
      const slot = this.#due.take();
      const last = (this.#due.note & LAST) !== 0;
      if (this.#due.note === this.#noteOf(slot, last) && this.#isOpen(slot))
        this.#answer(slot, last);
    }
  }

  #answer(slot: number, last: boolean): void {
    this.#unanswered[slot] = (this.#unanswered[slot] as number) - 1;
    this.#counters.add("requests");
    const { close } = this.#job.workload;
    if (!last || this.#neverCloses) {
      this.wire.answer(slot);
      this.#closeIfDone(slot);
      this.#receiveNext(slot);
      return;
    }
    if (close !== "half") this.#state[slot] = 0;
    this.wire.answerAndClose(slot, close);
    if (close === "half") this.wire.receive(slot);
  }

  /** One request at a time: while one is unanswered nothing is received, so a close never meets a receive in flight. */
  #receiveNext(slot: number): void {
    if (this.#state[slot] === OPEN && this.#unanswered[slot] === 0) this.wire.receive(slot);
  }

  #close(slot: number, reset: boolean): void {
    this.#state[slot] = 0;
    this.wire.close(slot, reset);
  }

  /** Follows the client's FIN with its own. */
  #closeIfDone(slot: number): void {
    const ended = ((this.#state[slot] as number) & CLIENT_ENDED) !== 0;
    if (ended && this.#unanswered[slot] === 0 && !this.#neverCloses) this.#close(slot, false);
  }
}
