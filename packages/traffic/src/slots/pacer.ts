import type { Bank, WorkerCounters } from "../worker-counters.ts";

/** After this many starts in a row the sockets get their turn. */
export const BURST_MAX = 64;

/** The load that a pacer begins the units of; `SlotLoad` says what each does. */
export interface PacedLoad {
  readonly counters: WorkerCounters;
  /** The clock of its connections. */
  readonly connections: { nowMs: number };
  readonly full: boolean;
  begin(bank: Bank, intendedAtMs: number): void;
  drop(bank: Bank): void;
}

/** Where the units of a worker come from, for an engine that asks in each turn of its loop. */
export interface Pacer {
  /** It has begun its last unit. */
  readonly over: boolean;
  /** When `pace` has something to do, if no unit ends before; Infinity when nothing is planned. */
  readonly nextAtMs: number;
  /** Begins every unit that is due. */
  pace(nowMs: number): void;
  /** A unit has ended; `unopened` when its connection could not be opened. */
  unitEnded(unopened: boolean, nowMs: number): void;
  stop(): void;
}
