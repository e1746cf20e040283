<<<<<<< HEAD
import type { Testbed, TestbedKind } from "@churnlab/core";
import { DockerTestbed, ExternalTestbed, NetnsTestbed } from "@churnlab/testbed";

export interface TestbedOptions {
  /** Whether images that are missing may be pulled. */
  readonly pull?: boolean;
  /** Whether hosts may be loaded that are not this machine's. */
  readonly allowExternal?: boolean;
}
=======
import { ChurnError, type Testbed, type TestbedKind } from "@churnlab/core";
import { type Access, FleetTestbed } from "@churnlab/fleet";
import { DockerTestbed, type DockerTestbedOptions, NetnsTestbed } from "@churnlab/testbed";
import { VERSION } from "./version.ts";
>>>>>>> 9eefbb7 (Run a trial on a fleet: agents on other machines, one clock, results exactly once)

/** The testbeds of a command, each made when its first trial needs it and closed with the command. */
export interface Testbeds extends AsyncDisposable {
  of(kind: TestbedKind): Testbed;
  /** A run begins: a fleet's agents are held in its name. Rejects with `E_NATS`. */
  begin(run: string): Promise<void>;
}

export function openTestbeds(options: TestbedOptions = {}): Testbeds {
  const open = new Map<TestbedKind, Testbed>();
  return {
    of(kind) {
      let testbed = open.get(kind);
      if (testbed === undefined) {
        testbed = makeTestbed(kind, options);
        open.set(kind, testbed);
      }
      return testbed;
    },
    begin: async () => {},
    async [Symbol.asyncDispose]() {
      for (const testbed of open.values()) await testbed.close();
    },
  };
}

<<<<<<< HEAD
function makeTestbed(kind: TestbedKind, options: TestbedOptions): Testbed {
=======
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

function makeTestbed(kind: TestbedKind, options: DockerTestbedOptions): Testbed {
>>>>>>> 9eefbb7 (Run a trial on a fleet: agents on other machines, one clock, results exactly once)
  switch (kind) {
    case "netns":
      return new NetnsTestbed();
    case "docker":
      return new DockerTestbed({ pull: options.pull ?? false });
    case "external":
      return new ExternalTestbed({ allowed: options.allowExternal ?? false });
  }
}
