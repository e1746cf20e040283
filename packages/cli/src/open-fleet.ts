import { type Access, FleetTestbed } from "@churnlab/fleet";
import type { Testbeds } from "./open-testbeds.ts";
import { VERSION } from "./version.ts";

/** Every trial runs on the fleet behind that server. */
export function openFleet(access: Access): Testbeds {
  let fleet: FleetTestbed | null = null;
  return {
    of() {
      if (fleet === null) throw new Error("a trial began before its run");
      return fleet;
    },
    async begin(run) {
      await fleet?.close();
      fleet = await FleetTestbed.open({ access, churnlab: VERSION, run });
    },
    async [Symbol.asyncDispose]() {
      await fleet?.close();
    },
  };
}
