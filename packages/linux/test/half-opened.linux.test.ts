import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { openCounters, openCountersOfProcess } from "../src/counters.ts";
import { NETLINK, NetlinkSocket } from "../src/netlink.ts";
import { readNetworkDevices } from "../src/network-devices.ts";
import { createNetworkNamespace, type NetworkNamespace } from "../src/network-namespace.ts";
import { PacketRing } from "../src/packet-ring.ts";
import { PortShare } from "../src/port-share.ts";
import { layOutRing } from "../src/uring/ring-layout.ts";
import { openWhileScarce, withFreeDescriptors } from "./fixtures/starve-descriptors.ts";

const PAGE_BYTES = 4096;

const countDescriptors = (): number => readdirSync("/proc/self/fd").length;

/** Of what is reserved, touched or not. */
function readAddressSpaceBytes(): number {
  return Number(readFileSync("/proc/self/statm", "latin1").split(" ")[0]) * PAGE_BYTES;
}

describe("what cannot be opened whole leaves no descriptor", () => {
  test.each<[string, (namespace: NetworkNamespace) => Disposable]>([
    ["counters of a namespace", (namespace) => openCounters(namespace)],
    ["counters of a process", () => openCountersOfProcess(process.pid)],
    ["the share of ports", (namespace) => namespace.run(() => new PortShare({ ipv6: true }))],
  ])("of %s, at whichever file the process runs out of them", (_, open) => {
    using namespace = createNetworkNamespace();
    const { shortages, left } = openWhileScarce(() => open(namespace));
    expect(left).toBe(0);
    // What takes one descriptor cannot fail half-way.
    expect(shortages).toBeGreaterThan(1);
  });

  test("of a netlink socket whose queue cannot be as long as is asked", () => {
    const before = countDescriptors();
    expect(() => new NetlinkSocket(NETLINK.ROUTE, { queueBytes: 2 ** 32 })).toThrow(RangeError);
    expect(countDescriptors()).toBe(before);
  });

  test("nor a mapping, of a packet ring that is bound to no device", () => {
    using namespace = createNetworkNamespace();
    let entered = 0;
    const closing: NetworkNamespace = {
      ...namespace,
      run(work) {
        entered += 1;
        // Somebody else has closed it between the socket and its bind.
        if (entered === 2) throw new Error("This network namespace is closed");
        return namespace.run(work);
      },
    };
    // struct sock_filter: return 64 bytes of whatever comes.
    const filter = Buffer.from([6, 0, 0, 0, 64, 0, 0, 0]);
    const before = countDescriptors();
    expect(() => new PacketRing(closing, { filter, frames: 256, outgoing: true })).toThrow(
      "is closed",
    );
    expect(entered).toBe(2);
    expect(countDescriptors()).toBe(before);
    expect(readFileSync("/proc/self/maps", "latin1")).not.toContain("socket:[");
  });
});

test("a ring whose completions have no room gives the memory of its submissions back", () => {
  const [submissions, bytes] = [2 ** 24, 2 ** 30];
  const before = readAddressSpaceBytes();
  expect(() => layOutRing({ submissions, completions: 2 ** 44 })).toThrow(/mmap.*ENOMEM/);
  expect(readAddressSpaceBytes() - before).toBeLessThan(bytes / 2);
});

test("devices are not listed without their offloads when there is no descriptor to ask for them", () => {
  using namespace = createNetworkNamespace();
  expect(readNetworkDevices(namespace).map(({ name }) => name)).toContain("lo");
  // The one that is free is the way back from the namespace.
  expect(() => withFreeDescriptors(1, () => readNetworkDevices(namespace))).toThrow(
    /^socket \(ethtool\): EMFILE/,
  );
});
