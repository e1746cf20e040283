import { CONNECTION_STEPS, type ConnectionStep, ERRNO, ERRNO_LIMIT } from "@churnlab/core";
import { addConnect } from "../connect-cost.ts";
import { BROKEN, WHOLE } from "../response-reader.ts";
import {
  type Bank,
  COUNTER_SLOT,
  COUNTERS,
  MEASURE,
  type WorkerCounters,
} from "../worker-counters.ts";
import type { ConnectionsLoad } from "./connections-load.ts";
import { SlotAnswers } from "./slot-answers.ts";
import {
  AWAITING,
  CLOSING,
  EXCHANGING,
  NO_BANK,
  OPENING,
  POOLED,
  RESTING,
  type SlotTable,
} from "./slot-table.ts";
import type { Inbox, SlotEvents, SlotWire } from "./slot-wire.ts";

/**
 * The lives of all connections of one worker and what is counted of them:
 *
 *     OPENING → EXCHANGING ⇄ RESTING | POOLED → AWAITING → CLOSING → (closed and counted)
 *
 * Any failure leads straight to CLOSING. The rules are those of `Connection`, which has one object for each; the conformance
 * suite holds both to them. Here nothing is allocated for a connection.
 */
export class SlotConnections implements SlotEvents {
  nowMs = 0;
  wire!: SlotWire;
  readonly #load: ConnectionsLoad;
  readonly #table: SlotTable;
  readonly #counters: WorkerCounters;
  readonly #answers: SlotAnswers;
  readonly #drawRequests: () => number;

  constructor(load: ConnectionsLoad, drawRequests: () => number) {
    this.#load = load;
    this.#table = load.table;
    this.#counters = load.counters;
    this.#answers = new SlotAnswers(load.workload);
    this.#drawRequests = drawRequests;
  }

  /** Whether the answer that has just come is one that serves. */
  get served(): boolean {
    return this.#answers.refusal === 0;
  }

  /** Prepares a slot for a new connection, which belongs to the bank of its first unit. */
  prepare(slot: number, bank: Bank): void {
    const table = this.#table;
    table.begin(slot, bank, this.nowMs);
    table.portPercent[slot] = this.#load.portShare.percent;
    table.deadlineMs[slot] = this.nowMs + this.#load.workload.timeouts.connectMs;
    table.requestsLeft[slot] = this.#drawRequests();
    this.#count(bank, COUNTER_SLOT.intended);
    this.#count(bank, COUNTER_SLOT.attempted);
  }

  open(slot: number): void {
    this.wire.open(slot);
  }

  /** Counts a request as begun; it is sent at once or when the connection is established. */
  takeRequest(slot: number, bank: Bank): void {
    this.#table.requestBank[slot] = bank;
    this.#count(bank, COUNTER_SLOT.requestsIntended);
    this.#count(bank, COUNTER_SLOT.requestsAttempted);
  }

  send(slot: number): void {
    const table = this.#table;
    const { lifetimeMs, timeouts } = this.#load.workload;
    const left = (table.requestsLeft[slot] as number) - 1;
    const ageMs = this.nowMs - (table.openedAtMs[slot] as number);
    const last = left <= 0 || (lifetimeMs !== null && ageMs >= lifetimeMs);
    table.requestsLeft[slot] = left;
    table.last[slot] = last ? 1 : 0;
    table.state[slot] = EXCHANGING;
    table.sentAtMs[slot] = this.nowMs;
    table.deadlineMs[slot] = this.nowMs + timeouts.responseMs;
    this.wire.send(slot, last);
    if (table.state[slot] === EXCHANGING) this.wire.receive(slot);
  }

  /** Stays open without a request for so long (null: until the end), then does what its workload kind does. */
  rest(slot: number, forMs: number | null): void {
    this.#table.state[slot] = RESTING;
    this.#table.deadlineMs[slot] = Number.POSITIVE_INFINITY;
    if (forMs === 0) {
      this.#load.kind.rested(this.#load, slot);
      return;
    }
    if (forMs !== null) {
      this.#table.deadlineMs[slot] = this.nowMs + forMs;
      this.#load.rests.add(slot, this.nowMs + forMs);
    }
    this.wire.receive(slot);
  }

  /** Goes on after its rest, if it is the rest that ends at this time. */
  wake(slot: number, atMs: number): void {
    const { state, deadlineMs } = this.#table;
    if (state[slot] !== RESTING || deadlineMs[slot] !== atMs) return;
    deadlineMs[slot] = Number.POSITIVE_INFINITY;
    this.#load.kind.rested(this.#load, slot);
  }

  /** Waits in the pool. */
  pool(slot: number): void {
    this.#table.state[slot] = POOLED;
    this.wire.receive(slot);
  }

  /** Ends as designed: waits for the server's close where the server was told to, else closes. */
  finish(slot: number): void {
    const table = this.#table;
    const { closer, close, timeouts } = this.#load.workload;
    table.deadlineMs[slot] = this.nowMs + timeouts.responseMs;
    const serverCloses = closer === "server" && table.last[slot] === 1;
    if (serverCloses || close === "half") {
      table.state[slot] = AWAITING;
      if (!serverCloses) this.wire.shutdown(slot);
      if (table.state[slot] === AWAITING) this.wire.receive(slot);
    } else {
      table.state[slot] = CLOSING;
      this.wire.close(slot, close === "rst");
    }
  }

  /** Ends an idle connection as designed; leaves any other alone. */
  release(slot: number): void {
    const state = this.#table.state[slot];
    if (state === RESTING || state === POOLED) this.finish(slot);
  }

  /** Ends what takes too long. It has failed when its time was over, not when that was noticed. */
  checkDeadline(slot: number): void {
    const { state, deadlineMs, failedAtMs } = this.#table;
    if (this.nowMs < (deadlineMs[slot] as number)) return;
    const at = state[slot];
    if (at !== OPENING && at !== EXCHANGING && at !== AWAITING) return;
    this.#fail(slot, this.#presentStep(slot), ERRNO.ETIMEDOUT);
    failedAtMs[slot] = deadlineMs[slot] as number;
    this.#close(slot);
  }

  interrupt(slot: number): void {
    const state = this.#table.state[slot];
    if (state === CLOSING) return;
    if (state === RESTING || state === POOLED) {
      this.finish(slot);
      return;
    }
    this.#fail(slot, this.#presentStep(slot), ERRNO.UNFINISHED);
    this.#close(slot);
  }

  established(slot: number): void {
    const table = this.#table;
    if (table.state[slot] !== OPENING) return;
    table.established[slot] = 1;
    const bank = table.bank[slot] as Bank;
    this.#count(bank, COUNTER_SLOT.established);
    this.#counters.open += 1;
    if (bank === MEASURE) this.#recordConnect(slot);
    this.#load.kind.established(this.#load, slot);
  }

  received(slot: number, inbox: Inbox, length: number): void {
    const state = this.#table.state[slot];
    if (state === CLOSING) return;
    if (state !== EXCHANGING) {
      this.#garbled(slot);
      return;
    }
    this.#answers.nowMs = this.nowMs;
    const progress = this.#answers.read(slot, inbox, length);
    if (progress === WHOLE) this.#answered(slot);
    else if (progress === BROKEN) this.#garbled(slot);
    else this.wire.receive(slot);
  }

  ended(slot: number): void {
    const table = this.#table;
    if (table.state[slot] === EXCHANGING && this.#answers.end(slot) === WHOLE) this.#answered(slot);
    if (table.state[slot] === CLOSING) return;
    if (table.state[slot] !== AWAITING && !this.#mayEndNow(slot)) {
      this.#fail(slot, "receive", ERRNO.EOF);
    }
    this.#close(slot);
  }

  failed(slot: number, step: ConnectionStep, errno: number): void {
    const state = this.#table.state[slot];
    if (state === CLOSING) return;
    const awaiting = state === AWAITING;
    const resetAsDesigned =
      awaiting && errno === ERRNO.ECONNRESET && this.#load.workload.close === "rst";
    if (!resetAsDesigned) this.#fail(slot, awaiting ? "close" : step, errno);
    this.#close(slot);
  }

  closed(slot: number): void {
    const table = this.#table;
    const bank = table.bank[slot] as Bank;
    const failedStep = table.failedStep[slot] as number;
    if (table.isOpened(slot)) this.#counters.open -= 1;
    if (failedStep === 0) {
      this.#count(bank, COUNTER_SLOT.succeeded);
    } else {
      const step = CONNECTION_STEPS[failedStep - 1] as ConnectionStep;
      const tMs = (table.failedAtMs[slot] as number) - this.#load.measureAtMs;
      this.#counters.fail(bank, { step, errno: table.failedErrno[slot] as number, tMs });
    }
    const requestBank = table.requestBank[slot] as number;
    if (requestBank !== NO_BANK) this.#count(requestBank as Bank, COUNTER_SLOT.requestsFailed);
    this.#load.ended(slot, failedStep === 0);
    this.#answers.forget(slot);
    table.giveBack(slot);
  }

  #recordConnect(slot: number): void {
    const openedAtMs = this.#table.openedAtMs[slot] as number;
    const tookUs = (this.nowMs - openedAtMs) * 1000;
    this.#counters.latency("connect", tookUs);
    const tMs = openedAtMs - this.#load.measureAtMs;
    const percent = this.#table.portPercent[slot] as number;
    addConnect(this.#counters.connectCosts, percent, { tookUs, tMs });
  }

  /** An answer that does not serve fails the request and so the connection, which goes on as it was meant to. */
  #answered(slot: number): void {
    const table = this.#table;
    const bank = table.requestBank[slot] as Bank;
    table.requestBank[slot] = NO_BANK;
    table.answered[slot] = 1;
    const { refusal, closes, firstByteAtMs } = this.#answers;
    // A short-lived connection has requests of its own still to make: that it cannot is a failure.
    if (closes && this.#load.workload.kind === "keep-alive") table.last[slot] = 1;
    this.#count(bank, refusal === 0 ? COUNTER_SLOT.requestsSucceeded : COUNTER_SLOT.requestsFailed);
    if (refusal !== 0) {
      this.#fail(slot, "receive", refusal);
    } else if (bank === MEASURE) {
      const sentAtMs = table.sentAtMs[slot] as number;
      this.#counters.latency("first_byte", (firstByteAtMs - sentAtMs) * 1000);
      this.#counters.latency("request", (this.nowMs - sentAtMs) * 1000);
    }
    this.#load.kind.answered(this.#load, slot);
  }

  #garbled(slot: number): void {
    this.#fail(slot, "receive", ERRNO.EPROTO);
    this.#close(slot);
  }

  /** An idle connection without a number of requests to come may be closed by its peer. */
  #mayEndNow(slot: number): boolean {
    const { state, answered, requestsLeft } = this.#table;
    const idle = state[slot] === RESTING || state[slot] === POOLED;
    return idle && answered[slot] === 1 && requestsLeft[slot] === Number.POSITIVE_INFINITY;
  }

  #presentStep(slot: number): ConnectionStep {
    const state = this.#table.state[slot];
    if (state === OPENING) return "connect";
    if (state === AWAITING) return "close";
    return this.wire.sendPending(slot) ? "send" : "receive";
  }

  /** Keeps the first cause. */
  #fail(slot: number, step: ConnectionStep, errno: number): void {
    const table = this.#table;
    if (table.failedStep[slot] !== 0) return;
    table.failedStep[slot] = CONNECTION_STEPS.indexOf(step) + 1;
    table.failedErrno[slot] = errno < ERRNO_LIMIT ? errno : ERRNO.OTHER;
    table.failedAtMs[slot] = this.nowMs;
  }

  #close(slot: number): void {
    this.#table.state[slot] = CLOSING;
    this.wire.close(slot, false);
  }

  #count(bank: Bank, counter: number): void {
    const { slots } = this.#counters;
    const at = bank * COUNTERS.length + counter;
    slots[at] = (slots[at] as number) + 1;
  }
}
