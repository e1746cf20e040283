import { ChurnError } from "@churnlab/core";
import { createNetworkNamespace } from "@churnlab/linux";
import { describe, expect, it } from "vitest";
import type { Container } from "../../src/docker/container.ts";
import { recordSysctls, startWithSysctls } from "../../src/docker/engine-sysctls.ts";

const container = {} as Container;
const WANTED = { "net.core.somaxconn": "77" };
const refusal = new ChurnError(
  "E_TESTBED",
  "docker create: sysctl 'net.core.somaxconn' is not allowed",
);

/** An engine that fails so as long as it is to set sysctls. */
function failing(error: ChurnError): { start: () => Promise<Container>; starts: number } {
  const engine = {
    starts: 0,
    start: async (sysctls: Readonly<Record<string, string>> = {}) => {
      engine.starts += 1;
      if (Object.keys(sysctls).length > 0) throw error;
      return container;
    },
  };
  return engine;
}

describe("a container whose sysctls its engine is to set", () => {
  it("is started without them where the engine refuses", async () => {
    const engine = failing(refusal);
    expect(await startWithSysctls(engine.start, WANTED)).toEqual({ container, refusal });
    expect(engine.starts).toBe(2);
  });

  it("is not started again where its program ended, whatever that wrote of sysctls", async () => {
    const error = new ChurnError(
      "E_TARGET",
      "it ended. It wrote:\ncannot read /proc/sys/net: sysctl failed",
    );
    const engine = failing(error);
    await expect(startWithSysctls(engine.start, WANTED)).rejects.toBe(error);
    expect(engine.starts).toBe(1);
  });
});

describe("sysctls that are written in the engine's stead", () => {
  it("are written in an order that the kernel takes, whatever the order they are asked for", () => {
    using namespace = createNetworkNamespace();
    const wanted = {
      "net.ipv4.ip_local_port_range": "600 699",
      "net.ipv4.ip_unprivileged_port_start": "500",
    };
    const records = recordSysctls(namespace, wanted, refusal);
    expect(records.map(({ name, effective }) => [name, effective])).toEqual([
      ["net.ipv4.ip_unprivileged_port_start", "500"],
      ["net.ipv4.ip_local_port_range", "600 699"],
    ]);
  });
});
