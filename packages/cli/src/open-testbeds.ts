import { ChurnError, type Testbed, type TestbedKind } from "@churnlab/core";
import { DockerTestbed, type DockerTestbedOptions, NetnsTestbed } from "@churnlab/testbed";

/** The testbeds of a command, each made when its first trial needs it and closed with the command. */
export interface Testbeds extends AsyncDisposable {
  of(kind: TestbedKind): Testbed;
}

export function openTestbeds(options: DockerTestbedOptions = {}): Testbeds {
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
    async [Symbol.asyncDispose]() {
      for (const testbed of open.values()) await testbed.close();
    },
  };
}

function makeTestbed(kind: TestbedKind, options: DockerTestbedOptions): Testbed {
  switch (kind) {
    case "netns":
      return new NetnsTestbed();
    case "docker":
      return new DockerTestbed(options);
    case "external":
      throw new ChurnError("E_USAGE", `This churnlab has no testbed "${kind}".`, {
        hint: "Use testbed: netns or docker.",
      });
  }
}
