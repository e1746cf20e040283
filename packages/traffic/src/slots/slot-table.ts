import type { Bank } from "../worker-counters.ts";
import { FreeSlots } from "./free-slots.ts";

/** States of a slot, in the order of a connection's life. */
export const FREE = 0;
export const OPENING = 1;
export const EXCHANGING = 2;
/** Open without a request: thinks, or is held. */
export const RESTING = 3;
/** Open without a request, in the pool. */
export const POOLED = 4;
/** Waits for the peer to close. */
export const AWAITING = 5;
export const CLOSING = 6;

/** In a column of banks: no bank, because there is no unit or no request. */
export const NO_BANK = 2;

const FIRST_LENGTH = 256;

/**
 * The connections of one worker as columns, indexed by slot: about 60 bytes each, and nothing is allocated for a connection
 * once its slot exists.
 */
export class SlotTable {
  readonly #slots: FreeSlots;
  state: Uint8Array = new Uint8Array(FIRST_LENGTH);
  /** Bank of the connection, of the unit it is or carries, and of the request that has no outcome yet. */
  bank: Uint8Array = new Uint8Array(FIRST_LENGTH);
  unitBank: Uint8Array = new Uint8Array(FIRST_LENGTH);
  requestBank: Uint8Array = new Uint8Array(FIRST_LENGTH);
  established: Uint8Array = new Uint8Array(FIRST_LENGTH);
  /** The present request is the last of the connection, by the workload or by what the server has answered. */
  last: Uint8Array = new Uint8Array(FIRST_LENGTH);
  /** At least one answer has come. */
  answered: Uint8Array = new Uint8Array(FIRST_LENGTH);
  /** Index in `CONNECTION_STEPS` plus one; 0 while nothing has failed. */
  failedStep: Uint8Array = new Uint8Array(FIRST_LENGTH);
  failedErrno: Uint8Array = new Uint8Array(FIRST_LENGTH);
  failedAtMs: Float64Array = new Float64Array(FIRST_LENGTH);
  openedAtMs: Float64Array = new Float64Array(FIRST_LENGTH);
  /** What share of the local ports was taken then. */
  portPercent: Uint8Array = new Uint8Array(FIRST_LENGTH);
  sentAtMs: Float64Array = new Float64Array(FIRST_LENGTH);
  /** When it takes too long; of a resting slot: when its rest ends. */
  deadlineMs: Float64Array = new Float64Array(FIRST_LENGTH);
  unitIntendedAtMs: Float64Array = new Float64Array(FIRST_LENGTH);
  /** Infinity where a connection carries requests without a number. */
  requestsLeft: Float64Array = new Float64Array(FIRST_LENGTH);

  constructor(capacity: number) {
    this.#slots = new FreeSlots(capacity);
  }

  /** How many slots are in use. */
  get live(): number {
    return this.#slots.taken;
  }

  /** Slots from here on have never been used. */
  get end(): number {
    return this.#slots.end;
  }

  /** A slot, -1 when all are in use. What its columns hold is of the connection before. */
  take(): number {
    const slot = this.#slots.take();
    if (slot === this.state.length) this.#grow();
    return slot;
  }

  /** Makes a slot a connection that begins now, and to which nothing has happened. */
  begin(slot: number, bank: Bank, nowMs: number): void {
    this.state[slot] = OPENING;
    this.bank[slot] = bank;
    this.requestBank[slot] = NO_BANK;
    this.established[slot] = 0;
    this.last[slot] = 0;
    this.answered[slot] = 0;
    this.failedStep[slot] = 0;
    this.openedAtMs[slot] = nowMs;
  }

  isOpened(slot: number): boolean {
    return this.established[slot] === 1;
  }

  isLast(slot: number): boolean {
    return this.last[slot] === 1;
  }

  unitBankOf(slot: number): Bank {
    return this.unitBank[slot] as Bank;
  }

  giveBack(slot: number): void {
    this.state[slot] = FREE;
    this.#slots.giveBack(slot);
  }

  #grow(): void {
    const length = this.state.length * 2;
    this.state = longer(this.state, length);
    this.bank = longer(this.bank, length);
    this.unitBank = longer(this.unitBank, length);
    this.requestBank = longer(this.requestBank, length);
    this.established = longer(this.established, length);
    this.last = longer(this.last, length);
    this.answered = longer(this.answered, length);
    this.failedStep = longer(this.failedStep, length);
    this.failedErrno = longer(this.failedErrno, length);
    this.failedAtMs = longer(this.failedAtMs, length);
    this.openedAtMs = longer(this.openedAtMs, length);
    this.portPercent = longer(this.portPercent, length);
    this.sentAtMs = longer(this.sentAtMs, length);
    this.deadlineMs = longer(this.deadlineMs, length);
    this.unitIntendedAtMs = longer(this.unitIntendedAtMs, length);
    this.requestsLeft = longer(this.requestsLeft, length);
  }
}

type Column = Uint8Array | Float64Array;

/** A copy of a column with room for more. */
function longer<C extends Column>(column: C, length: number): C {
  const copy = new (column.constructor as new (length: number) => C)(length);
  copy.set(column);
  return copy;
}
