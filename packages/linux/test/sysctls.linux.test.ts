import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { createNetworkNamespace } from "../src/network-namespace.ts";
import { applySysctls, readSysctls } from "../src/sysctls.ts";

describe("applying sysctls", () => {
  test("records what each was, what was asked, and what the kernel holds now", () => {
    using namespace = createNetworkNamespace();
    expect(
      applySysctls(namespace, {
        "net.ipv4.tcp_tw_reuse": "1",
        "net.ipv4.ip_local_port_range": "40000   40099",
        "net.core.somaxconn": "64",
      }),
    ).toEqual([
      { name: "net.ipv4.tcp_tw_reuse", was: "2", requested: "1", effective: "1" },
      {
        name: "net.ipv4.ip_local_port_range",
        was: "32768 60999",
        requested: "40000 40099",
        effective: "40000 40099",
      },
      { name: "net.core.somaxconn", was: "4096", requested: "64", effective: "64" },
    ]);
  });

  test("changes that namespace alone: neither a sibling nor the host sees it", () => {
    const ofHost = readFileSync("/proc/sys/net/ipv4/tcp_fin_timeout", "utf8");
    using changed = createNetworkNamespace();
    using sibling = createNetworkNamespace();
    applySysctls(changed, { "net.ipv4.tcp_fin_timeout": "7" });
    expect(readSysctls(changed, ["net.ipv4.tcp_fin_timeout"])).toEqual({
      "net.ipv4.tcp_fin_timeout": "7",
    });
    expect(readSysctls(sibling, ["net.ipv4.tcp_fin_timeout"])).toEqual({
      "net.ipv4.tcp_fin_timeout": "60",
    });
    expect(readFileSync("/proc/sys/net/ipv4/tcp_fin_timeout", "utf8")).toBe(ofHost);
  });

  test.each([
    ["net.ipv4.tcp_tw_recycle", "1", "E_SYSCTL_UNKNOWN"],
    ["net.ipv4.no_such_thing", "1", "E_SYSCTL_UNKNOWN"],
    ["kernel.no_such_thing", "1", "E_SYSCTL_UNKNOWN"],
    ["net.ipv4", "1", "E_SYSCTL_UNKNOWN"],
    ["vm.swappiness", "10", "E_SYSCTL_NOT_NAMESPACED"],
    ["net.ipv4.tcp_mem", "1 2 3", "E_SYSCTL_NOT_NAMESPACED"],
    ["net.core.rmem_max", "65536", "E_SYSCTL_NOT_NAMESPACED"],
    ["net.ipv4.tcp_tw_reuse", "3", "E_SYSCTL_VALUE"],
    ["net.ipv4.tcp_tw_reuse", "yes", "E_SYSCTL_VALUE"],
    ["net.ipv4.ip_local_port_range", "60000 50000", "E_SYSCTL_VALUE"],
    ["net.ipv4.tcp_congestion_control", "no-such-control", "E_SYSCTL_VALUE"],
  ])("%s = %s is refused as %s", (name, value, code) => {
    using namespace = createNetworkNamespace();
    expect(() => applySysctls(namespace, { [name]: value })).toThrow(
      expect.objectContaining({ code }),
    );
  });
});

test("reading leaves out what the namespace does not have", () => {
  using namespace = createNetworkNamespace();
  expect(
    readSysctls(namespace, ["net.ipv4.tcp_rfc1337", "net.ipv4.tcp_tw_recycle", "net.ipv4.tcp_mem"]),
  ).toEqual({ "net.ipv4.tcp_rfc1337": "0" });
});
