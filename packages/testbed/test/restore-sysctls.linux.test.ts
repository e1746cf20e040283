import { applySysctls, createNetworkNamespace, readSysctls } from "@churnlab/linux";
import { describe, expect, it } from "vitest";
import { orderSysctls } from "../src/order-sysctls.ts";
import { restoreSysctls } from "../src/restore-sysctls.ts";

const RANGE = "net.ipv4.ip_local_port_range";
const START = "net.ipv4.ip_unprivileged_port_start";

const LOW = { [RANGE]: "500 599", [START]: "0" };
const HIGH = { [RANGE]: "6000 6999", [START]: "5000" };

/** The same settings, in an order. */
function inThis(
  order: readonly string[],
  settings: Readonly<Record<string, string>>,
): Record<string, string> {
  return Object.fromEntries(order.map((name) => [name, settings[name] ?? ""]));
}

describe.each([
  [RANGE, START],
  [START, RANGE],
])("a trial that asks for %s before %s", (...order) => {
  it.each([
    ["lowers", HIGH, LOW],
    ["raises", LOW, HIGH],
  ])("%s both, and gives back both at once", (_, before, wanted) => {
    using namespace = createNetworkNamespace();
    applySysctls(namespace, orderSysctls(namespace, before));
    const was = readSysctls(namespace, order);
    applySysctls(namespace, orderSysctls(namespace, inThis(order, wanted)));
    expect(readSysctls(namespace, order)).toEqual(wanted);
    restoreSysctls(namespace, was);
    expect(readSysctls(namespace, order)).toEqual(before);
  });
});

describe("sysctls that cannot all be written back", () => {
  it("are thrown together once every one was tried", () => {
    using namespace = createNetworkNamespace();
    const fin = "net.ipv4.tcp_fin_timeout";
    const was = readSysctls(namespace, [fin]);
    applySysctls(namespace, { [fin]: "7" });
    expect(() => restoreSysctls(namespace, { ...was, [RANGE]: "9 8" })).toThrow(AggregateError);
    expect(readSysctls(namespace, [fin])).toEqual(was);
  });
});
