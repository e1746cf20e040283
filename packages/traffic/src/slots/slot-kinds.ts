import type { WorkloadKind } from "@churnlab/core";
import type { Bank } from "../worker-counters.ts";
import type { KindLoad, SlotKindSteps } from "./slot-kind-steps.ts";

/** The steps of each kind, by its name in a workload. */
export const SLOT_KINDS: Readonly<Record<WorkloadKind, SlotKindSteps>> = {
  "short-lived": {
    droppedAs: ["intended", "dropped"],
    refusedAs: [],
    endsWithArrivals: false,
    begin: openOne,
    established: requestNext,
    answered({ connections, ending, table, workload }, slot) {
      if (ending || table.isLast(slot)) connections.finish(slot);
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
      const { connections, table, workload } = load;
      if (connections.served) load.recordTotal(slot);
      if (table.isLast(slot)) connections.finish(slot);
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

function openOne(load: KindLoad, bank: Bank, intendedAtMs: number): void {
  const slot = load.takeNew(bank, intendedAtMs);
  if (slot !== -1) load.connections.open(slot);
}

function requestNext({ connections, table }: KindLoad, slot: number): void {
  connections.takeRequest(slot, table.unitBankOf(slot));
  connections.send(slot);
}
