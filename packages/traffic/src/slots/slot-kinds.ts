import type { WorkloadKind } from "@churnlab/core";
import type { Bank, CounterName } from "../worker-counters.ts";
import type { SlotLoad } from "./slot-load.ts";

/** What a workload kind does at the turning points of a connection; see `KindSteps`, whose rules these are. */
export interface SlotKindSteps {
  begin(load: SlotLoad, bank: Bank, intendedAtMs: number): void;
  established(load: SlotLoad, slot: number): void;
  answered(load: SlotLoad, slot: number): void;
  /** The rest that began after an answer, or with a hold, is over. */
  rested(load: SlotLoad, slot: number): void;
  /** The connection that still carries its unit is closed, and nothing has failed. */
  succeeded(load: SlotLoad, slot: number): void;
  /** The counters of an arrival that is not begun. */
  readonly droppedAs: readonly CounterName[];
  /** The counters of a unit for which there is no slot, besides those of the connection. */
  readonly refusedAs: readonly CounterName[];
  /** Whether idle connections have nothing to wait for once the last arrival has come. */
  readonly endsWithArrivals: boolean;
}

export const SLOT_KINDS: Readonly<Record<WorkloadKind, SlotKindSteps>> = {
  "short-lived": {
    droppedAs: ["intended", "dropped"],
    refusedAs: [],
    endsWithArrivals: false,
    begin: openOne,
    established: requestNext,
    answered({ connections, ending, workload }, slot) {
      if (ending || connections.isLast(slot)) connections.finish(slot);
      else connections.rest(slot, workload.thinkMs);
    },
    rested: requestNext,
    succeeded(load, slot) {
      load.recordTotal(slot);
    },
  },
  "keep-alive": {
    droppedAs: ["requestsIntended", "requestsDropped"],
    refusedAs: ["requestsIntended", "requestsAttempted", "requestsFailed"],
    endsWithArrivals: true,
    begin(load, bank, intendedAtMs) {
      const { connections } = load;
      const pooled = load.takePooled(bank, intendedAtMs);
      const slot = pooled === -1 ? load.takeNew(bank, intendedAtMs) : pooled;
      if (slot === -1) return;
      connections.takeRequest(slot, bank);
      if (pooled === -1) connections.open(slot);
      else connections.send(slot);
    },
    established({ connections }, slot) {
      connections.send(slot);
    },
    answered(load, slot) {
      const { connections, workload } = load;
      if (connections.served) load.recordTotal(slot);
      if (connections.isLast(slot)) connections.finish(slot);
      else connections.rest(slot, workload.thinkMs);
    },
    rested(load, slot) {
      load.park(slot);
    },
    succeeded() {},
  },
  hold: {
    droppedAs: ["intended", "dropped"],
    refusedAs: [],
    endsWithArrivals: false,
    begin: openOne,
    established({ connections, ending, workload }, slot) {
      if (ending) connections.finish(slot);
      else connections.rest(slot, workload.lifetimeMs);
    },
    answered() {},
    rested({ connections }, slot) {
      connections.finish(slot);
    },
    succeeded() {},
  },
};

function openOne(load: SlotLoad, bank: Bank, intendedAtMs: number): void {
  const slot = load.takeNew(bank, intendedAtMs);
  if (slot !== -1) load.connections.open(slot);
}

function requestNext({ connections }: SlotLoad, slot: number): void {
  connections.takeRequest(slot, connections.unitBankOf(slot));
  connections.send(slot);
}
