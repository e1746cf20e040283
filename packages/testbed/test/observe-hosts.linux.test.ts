import { readdirSync } from "node:fs";
import { createNetworkNamespace, openNetworkNamespace, type ResetCapture } from "@churnlab/linux";
import { describe, expect, test } from "vitest";
import type { Host } from "../src/netns-hosts.ts";
import { ResetObserver } from "../src/reset-observer.ts";
import { observeHosts } from "../src/world-builder.ts";

function countDescriptors(): number {
  return readdirSync("/proc/self/fd").length;
}

describe("observers of several hosts", () => {
  test("are closed, with what watches resets, when one of them cannot be opened", () => {
    using namespace = createNetworkNamespace();
    using gone = openNetworkNamespace(`/proc/self/fd/${namespace.fd}`);
    const hosts: Host[] = [
      { role: "client", namespace, address: "198.18.0.1" },
      { role: "target", namespace: gone, address: "198.18.0.2" },
      { role: "upstream", namespace, address: "198.18.0.3" },
    ];
    const closed: string[] = [];
    const observers = new Map(
      hosts.map((host) => {
        const close = (): void => void closed.push(host.role);
        const capture = { close } as unknown as ResetCapture;
        const watched = { role: host.role, address: host.address, capture, reasons: null };
        return [host, new ResetObserver({ ...watched, tellsOfTrace: false })] as const;
      }),
    );
    const before = countDescriptors();
    for (const observer of observeHosts(hosts.slice(0, 1), null, true)) observer.close();
    expect(countDescriptors()).toBe(before);
    gone.close();
    const during = countDescriptors();
    const resets = { observers, means: "capture", warnings: [] };
    expect(() => observeHosts(hosts, resets, true)).toThrow("is closed");
    expect(countDescriptors()).toBe(during);
    expect(closed.toSorted()).toEqual(["client", "target", "upstream"]);
  });
});
