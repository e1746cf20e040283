import { type Access, FleetTestbed, type ResultLedger } from "@churnlab/fleet";
import type { Store } from "@churnlab/store";
import type { Testbeds } from "./open-testbeds.ts";
import { terminal } from "./terminal.ts";
import { VERSION } from "./version.ts";

const log = (line: string): void => terminal.say(line);

/** Every trial runs on the fleet behind that server; which pieces of results there are, the store knows. */
export function openFleet(access: Access, store: Store): Testbeds {
  let fleet: FleetTestbed | null = null;
  return {
    of() {
      if (fleet === null) throw new Error("a trial began before its run");
      return fleet;
    },
    async begin(run) {
      await fleet?.close();
      const ledger: ResultLedger = {
        has: (piece) => store.hasPiece(run, piece),
        lastAttempt: () => store.lastFleetAttempt(run),
        keepLate: (pieces) => store.keepLatePieces(run, pieces),
      };
      fleet = await FleetTestbed.open({ access, churnlab: VERSION, run, ledger, log });
    },
    async [Symbol.asyncDispose]() {
      await fleet?.close();
    },
  };
}
