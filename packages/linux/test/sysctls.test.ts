import { describe, expect, test } from "vitest";
import { normaliseSysctlValue, pathOfSysctl } from "../src/sysctls.ts";

describe("the path of a sysctl", () => {
  test.each([
    ["net.ipv4.tcp_tw_reuse", "/proc/sys/net/ipv4/tcp_tw_reuse"],
    ["net.ipv4.conf.eth0/100.forwarding", "/proc/sys/net/ipv4/conf/eth0.100/forwarding"],
    ["net.core.somaxconn", "/proc/sys/net/core/somaxconn"],
  ])("of %s is %s", (name, path) => {
    expect(pathOfSysctl(name)).toBe(path);
  });

  test.each(["", "net..ipv4", "net./..ipv4", "net.//.passwd", "net.ipv4.tcp tw", "net.ipv4.a\0b"])(
    "is refused to %j, which would lead elsewhere",
    (name) => {
      expect(() => pathOfSysctl(name)).toThrow(
        expect.objectContaining({ code: "E_SYSCTL_UNKNOWN" }),
      );
    },
  );
});

test("tabs, runs of spaces and line ends of a value do not matter", () => {
  expect(normaliseSysctlValue("32768\t60999\n")).toBe("32768 60999");
  expect(normaliseSysctlValue("  4096  131072\t6291456 ")).toBe("4096 131072 6291456");
});
