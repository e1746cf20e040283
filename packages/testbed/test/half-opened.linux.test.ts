import { readdirSync } from "node:fs";
import { createNetworkNamespace, type NetworkNamespace } from "@churnlab/linux";
import { describe, expect, it } from "vitest";
import { openWhileScarce } from "../../linux/test/fixtures/starve-descriptors.ts";
import { ContainerKernel } from "../src/docker/container-kernel.ts";
import { NamespaceObserver } from "../src/namespace-observer.ts";
import { HostReader } from "../src/watch/host-reader.ts";

const clock = { nowMs: () => 0, unixMs: () => 0 };

describe("what cannot be opened whole leaves no descriptor", () => {
  it.each<[string, (namespace: NetworkNamespace) => Disposable]>([
    ["a container's kernel", (namespace) => new ContainerKernel(namespace, () => 0)],
    [
      "a watched host",
      (namespace) => {
        const host = { namespace, pid: null, requireAlive: () => {} };
        return new HostReader(host as never, { capture: true, clock });
      },
    ],
    [
      "a role's observer",
      (namespace) => {
        const observer = new NamespaceObserver({
          role: "client",
          namespace,
          resets: null,
          ports: true,
        });
        return { [Symbol.dispose]: () => observer.close() };
      },
    ],
  ])("of %s, at whichever file the process runs out of them", (_, open) => {
    using namespace = createNetworkNamespace();
    const { shortages, left } = openWhileScarce(() => open(namespace));
    expect(left).toBe(0);
    expect(shortages).toBeGreaterThan(5);
  });

  it("of a container's kernel whose processes cannot be looked at", () => {
    using namespace = createNetworkNamespace();
    const before = readdirSync("/proc/self/fd").length;
    const gone = (): number => {
      throw new Error("it has ended");
    };
    expect(() => new ContainerKernel(namespace, gone)).toThrow("it has ended");
    expect(readdirSync("/proc/self/fd")).toHaveLength(before);
  });
});
