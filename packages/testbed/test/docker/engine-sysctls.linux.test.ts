import { ChurnError } from "@churnlab/core";
import { createNetworkNamespace } from "@churnlab/linux";
import { describe, expect, it } from "vitest";
import type { Container } from "../../src/docker/container.ts";
import { recordSysctls, startWithSysctls } from "../../src/docker/engine-sysctls.ts";

const container = {} as Container;
const WANTED = { "net.ipv4.tcp_fin_timeout": "7" };
const refusal = new ChurnError(
  "E_TESTBED",
  "docker create: sysctl 'net.ipv4.tcp_fin_timeout' is not allowed",
);

/** An engine that fails so as long as it is to set a sysctl of these; `set` is what it was asked for, each time. */
function failing(
  error: ChurnError,
  isRefused: (name: string) => boolean = () => true,
): { start: (sysctls: Readonly<Record<string, string>>) => Promise<Container>; set: string[][] } {
  const set: string[][] = [];
  const start = async (sysctls: Readonly<Record<string, string>>): Promise<Container> => {
    const names = Object.keys(sysctls);
    set.push(names);
    if (names.some(isRefused)) throw error;
    return container;
  };
  return { start, set };
}

describe("a container whose sysctls its engine is to set", () => {
  it("is started without them where the engine refuses", async () => {
    const engine = failing(refusal);
    expect(await startWithSysctls(engine.start, WANTED)).toEqual({ container, refusal });
    expect(engine.set).toEqual([["net.ipv4.tcp_fin_timeout"], []]);
  });

  it("is started with those that have to be there before its program listens", async () => {
    const engine = failing(refusal, (name) => name === "net.ipv4.tcp_fin_timeout");
    const wanted = { ...WANTED, "net.core.somaxconn": "77" };
    expect(await startWithSysctls(engine.start, wanted)).toEqual({ container, refusal });
    expect(engine.set.at(-1)).toEqual(["net.core.somaxconn"]);
  });

  it("is not started where the engine refuses one of those: written later it would be read back and do nothing", async () => {
    const engine = failing(refusal);
    const started = startWithSysctls(engine.start, { ...WANTED, "net.core.somaxconn": "77" });
    await expect(started).rejects.toThrow(
      /net\.core\.somaxconn, which counts when its program begins to listen/,
    );
    await expect(started).rejects.toMatchObject({ code: "E_TESTBED" });
  });

  it("is not started again where its program ended, whatever that wrote of sysctls", async () => {
    const error = new ChurnError(
      "E_TARGET",
      "it ended. It wrote:\ncannot read /proc/sys/net: sysctl failed",
    );
    const engine = failing(error);
    await expect(startWithSysctls(engine.start, WANTED)).rejects.toBe(error);
    expect(engine.set).toHaveLength(1);
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
