import type { WorkloadKind } from "@churnlab/core";
import type { CounterName } from "../worker-counters.ts";
import type { Connection } from "./connection.ts";
import type { Load } from "./load.ts";
import type { Unit } from "./unit.ts";

/** What a workload kind does at the turning points of a connection. */
export interface KindSteps {
  begin(load: Load, unit: Unit): void;
  established(load: Load, connection: Connection): void;
  answered(load: Load, connection: Connection): void;
  /** The connection that still carries this unit is closed, and nothing has failed. */
  succeeded(load: Load, unit: Unit): void;
  /** The counters of an arrival that is not begun. */
  readonly droppedAs: readonly CounterName[];
  /** Whether idle connections have nothing to wait for once the last arrival has come. */
  readonly endsWithArrivals: boolean;
}

export const WORKLOAD_KIND_STEPS: Readonly<Record<WorkloadKind, KindSteps>> = {
  "short-lived": {
    droppedAs: ["intended", "dropped"],
    endsWithArrivals: false,
    begin(load, unit) {
      load.open(unit);
    },
    established: sendNext,
    answered(load, connection) {
      if (!connection.mayContinue || load.ending) connection.finish();
      else connection.rest(load.workload.thinkMs, () => sendNext(load, connection));
    },
    succeeded(load, unit) {
      load.recordTotal(unit);
    },
  },
  "keep-alive": {
    droppedAs: ["requestsIntended", "requestsDropped"],
    endsWithArrivals: true,
    begin(load, unit) {
      const connection = load.takeIdle() ?? load.open(unit);
      connection.unit = unit;
      connection.takeRequest(unit.bank);
      if (connection.idle) connection.send();
    },
    established(_load, connection) {
      connection.send();
    },
    answered(load, connection) {
      if (connection.served) load.recordTotal(connection.unit as Unit);
      if (!connection.mayContinue) connection.finish();
      else connection.rest(load.workload.thinkMs, () => load.park(connection));
    },
    succeeded() {},
  },
  hold: {
    droppedAs: ["intended", "dropped"],
    endsWithArrivals: false,
    begin(load, unit) {
      load.open(unit);
    },
    established(load, connection) {
      if (load.ending) connection.finish();
      else connection.rest(load.workload.lifetimeMs, () => connection.finish());
    },
    answered() {},
    succeeded() {},
  },
};

function sendNext(_load: Load, connection: Connection): void {
  connection.takeRequest((connection.unit as Unit).bank);
  connection.send();
}
