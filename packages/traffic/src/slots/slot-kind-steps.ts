import type { Workload } from "@churnlab/core";
import type { Bank, CounterName } from "../worker-counters.ts";
import type { SlotTable } from "./slot-table.ts";

/** What a workload kind does at the turning points of a connection; see `KindSteps`, whose rules these are. */
export interface SlotKindSteps {
  begin(load: KindLoad, bank: Bank, intendedAtMs: number): void;
  established(load: KindLoad, slot: number): void;
  answered(load: KindLoad, slot: number): void;
  /** The rest that began after an answer, or with a hold, is over. */
  rested(load: KindLoad, slot: number): void;
  /** The connection that still carries its unit is closed, and nothing has failed. */
  succeeded(load: KindLoad, slot: number): void;
  /** The counters of an arrival that is not begun. */
  readonly droppedAs: readonly CounterName[];
  /** The counters of a unit for which there is no slot, besides those of the connection. */
  readonly refusedAs: readonly CounterName[];
  /** Whether idle connections have nothing to wait for once the last arrival has come. */
  readonly endsWithArrivals: boolean;
}

/** The load of one worker, as a workload kind sees it; `SlotLoad` says what each does. */
export interface KindLoad {
  readonly workload: Workload;
  readonly table: Pick<SlotTable, "isLast" | "unitBankOf">;
  readonly connections: KindConnections;
  readonly ending: boolean;
  takeNew(bank: Bank, intendedAtMs: number): number;
  takePooled(bank: Bank, intendedAtMs: number): number;
  park(slot: number): void;
  recordTotal(slot: number): void;
}

/** Its connections; `SlotConnections` says what each does. */
export interface KindConnections {
  readonly served: boolean;
  open(slot: number): void;
  takeRequest(slot: number, bank: Bank): void;
  send(slot: number): void;
  rest(slot: number, forMs: number | null): void;
  finish(slot: number): void;
}
