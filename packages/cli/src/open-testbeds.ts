import type { Testbed, TestbedKind } from "@churnlab/core";
import {
  DockerTestbed,
  type ExternalCheck,
  ExternalTestbed,
  NetnsTestbed,
} from "@churnlab/testbed";

export interface TestbedOptions {
  /** Whether images that are missing may be pulled. */
  readonly pull?: boolean;
  /** What was checked of hosts that are not churnlab's; none but this machine where absent. */
  readonly external?: ExternalCheck;
}

/** The testbeds of a command, each made when its first trial needs it and closed with the command. */
export interface Testbeds extends AsyncDisposable {
  of(kind: TestbedKind): Testbed;
  /** A run begins: a fleet's agents are held in its name. Rejects with `E_NATS`. */
  begin(run: string): Promise<void>;
}

export function openTestbeds(options: TestbedOptions = {}): Testbeds {
  const open = new Map<TestbedKind, Testbed>();
  const held = new AsyncDisposableStack();
  return {
    of(kind) {
      let testbed = open.get(kind);
      if (testbed === undefined) {
        testbed = held.adopt(makeTestbed(kind, options), (made) => made.close());
        open.set(kind, testbed);
      }
      return testbed;
    },
    begin: async () => {},
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

function makeTestbed(kind: TestbedKind, options: TestbedOptions): Testbed {
  switch (kind) {
    case "netns":
      return new NetnsTestbed();
    case "docker":
      return new DockerTestbed({ pull: options.pull ?? false });
    case "external":
      return new ExternalTestbed(options.external);
  }
}
