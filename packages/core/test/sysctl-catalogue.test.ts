import { describe, expect, test } from "vitest";
import { describeMetric } from "../src/metrics.ts";
import { explainSysctl, requireSysctl } from "../src/sysctl-catalogue/explain-sysctl.ts";
import { isOlder, validateSysctl } from "../src/sysctl-catalogue/validate-sysctl.ts";
import { findSysctl, SYSCTL_NAMES, SYSCTLS } from "../src/sysctl-catalogue.ts";

describe("the catalogue", () => {
  test("names every sysctl once", () => {
    expect(new Set(SYSCTL_NAMES).size).toBe(SYSCTL_NAMES.length);
  });

  test.each(SYSCTLS.map((entry) => [entry.name, entry] as const))(
    "of %s says what it does, has a default that it takes, and moves metrics that exist",
    (name, entry) => {
      expect(name).toMatch(/^net\.(core|ipv4|netfilter)\.[a-z0-9_]+$/);
      expect(entry.meaning).toMatch(/^\S.*\.$/);
      for (const sentence of [...entry.notes, ...entry.myths]) expect(sentence).toMatch(/^\S.*\.$/);
      expect(entry.moves.filter((metric) => describeMetric(metric) === null)).toEqual([]);
      expect(entry.default === null ? null : validateSysctl(name, entry.default)).toBeNull();
    },
  );
});

describe("a setting", () => {
  const range = "net.ipv4.ip_local_port_range";
  const reserved = "net.ipv4.ip_local_reserved_ports";
  test.each([
    ["net.ipv4.tcp_tw_reuse", 0],
    ["net.ipv4.tcp_tw_reuse", "2"],
    ["net.ipv4.tcp_max_tw_buckets", -1],
    [range, "1024 65535"],
    [range, " 1024\t65535 "],
    [reserved, ""],
    [reserved, "8080,9000-9100"],
    ["net.ipv4.tcp_rmem", "4096 131072 6291456"],
    ["net.ipv4.tcp_congestion_control", "reno"],
    ["net.ipv4.conf.eth0.rp_filter", 1],
    ["net.ipv4.tcp_plb_enabled", 1],
    ["net.mptcp.enabled", 0],
  ])("of %s to %j is taken", (name, value) => expect(validateSysctl(name, value)).toBeNull());

  test.each([
    ["net.ipv4.tcp_tw_reuse", 3, "takes 0 to 2, not 3", null],
    ["net.ipv4.tcp_tw_reuse", true, "takes a number", "1"],
    ["net.ipv4.tcp_tw_reuse", "on", 'takes a whole number, not "on"', null],
    ["net.ipv4.tcp_tw_reuse", 1.5, 'takes a whole number, not "1.5"', "1"],
    ["net.ipv4.tcp_tw_reuse", null, "has no value", null],
    ["net.ipv4.tcp_tw_reuse_delay", 60_001, "takes 1 to 60000 (ms), not 60001", null],
    ["net.ipv4.tcp_tw_reuse_delay", "1s", 'takes a whole number (ms), not "1s"', "1"],
    [range, "61000 60999", '"61000 60999": low end is above high end', '"60999 61000"'],
    [range, "1024-65535", "takes two ports separated by a space", '"1024 65535"'],
    [range, "1024", "takes two ports", null],
    [range, 1024, "takes two ports", null],
    [range, "0 100", "takes ports from 1 to 65535, not 0", null],
    [range, "1024 65536", "takes ports from 1 to 65535, not 65536", null],
    [reserved, "9-1", '"9-1": low end is above high end', null],
    [reserved, "70000", "takes ports up to 65535, not 70000", null],
    [reserved, "a", "takes ports and ranges", null],
    ["net.ipv4.tcp_rmem", "4096 131072", "takes 3 whole numbers", null],
    ["net.ipv4.tcp_congestion_control", "", "has no value", null],
  ])("of %s to %j is refused: %s", (...[name, value, message, suggestion]) => {
    expect(validateSysctl(name, value)).toMatchObject({
      about: "value",
      code: "E_SYSCTL_VALUE",
      suggestion,
      message: expect.stringContaining(message),
    });
  });

  test.each([
    ["net.ipv4.tcp_tw_reus", "E_SYSCTL_UNKNOWN", "net.ipv4.tcp_tw_reuse"],
    ["tcp_tw_reuse", "E_SYSCTL_UNKNOWN", "net.ipv4.tcp_tw_reuse"],
    ["net/ipv4/tcp_tw_reuse", "E_SYSCTL_UNKNOWN", "net.ipv4.tcp_tw_reuse"],
    ["net.ipv4.nonsense_of_mine", "E_SYSCTL_UNKNOWN", null],
    ["net.ipv4.tcp_tw_recycle", "E_SYSCTL_GONE", null],
    ["net.ipv4.tcp_tw_timeout", "E_SYSCTL_GONE", null],
    ["net.ipv4.tcp_mem", "E_SYSCTL_NOT_NAMESPACED", null],
    ["net.core.netdev_max_backlog", "E_SYSCTL_NOT_NAMESPACED", null],
    ["net.core.rmem_max", "E_SYSCTL_NOT_NAMESPACED", null],
    ["net.ipv4.udp_mem", "E_SYSCTL_NOT_NAMESPACED", null],
    ["vm.swappiness", "E_SYSCTL_NOT_NAMESPACED", null],
    ["fs.file-max", "E_SYSCTL_NOT_NAMESPACED", null],
  ])("of %s is refused with %s", (name, code, suggestion) => {
    expect(validateSysctl(name, 1)).toMatchObject({ about: "name", code, suggestion });
  });

  test("of a removed sysctl says since when, and what instead", () => {
    expect(validateSysctl("net.ipv4.tcp_tw_recycle", 1)?.message).toMatch(
      /removed in Linux 4\.12\..*NAT.*use net\.ipv4\.tcp_tw_reuse\./,
    );
  });
});

test.each([
  ["6.18.44", "6.14", false],
  ["6.14.0", "6.14", false],
  ["6.1.0-28-amd64", "6.14", true],
  ["5.15.167.4-microsoft-standard-WSL2", "6.14", true],
  ["7.0", "6.14", false],
])("Linux %s is older than %s: %s", (release, version, older) => {
  expect(isOlder(release, version)).toBe(older);
});

describe("an explanation", () => {
  test.each([
    "net.ipv4.tcp_tw_reuse",
    "tcp_tw_reuse",
    "net/ipv4/tcp_tw_reuse",
    "/proc/sys/net/ipv4/tcp_tw_reuse",
  ])("is found by %s", (name) => expect(requireSysctl(name).name).toBe("net.ipv4.tcp_tw_reuse"));

  test.each([
    ["tcp_tw_resue", "Did you mean net.ipv4.tcp_tw_reuse?"],
    ["quite.something", "churnlab sysctl list shows those it knows."],
    ["net.ipv4.tcp_plb_enabled", "See Documentation/networking/ip-sysctl.rst of the kernel."],
  ])("of %s is refused with one thing to do", (name, hint) => {
    expect(() => requireSysctl(name)).toThrow(
      expect.objectContaining({ code: "E_SYSCTL_UNKNOWN", hint }),
    );
  });

  test("says default, range, scope, side, notes and myths", () => {
    const entry = findSysctl("net.ipv4.tcp_tw_reuse_delay");
    expect(entry === null ? "" : explainSysctl(entry)).toBe(
      [
        "net.ipv4.tcp_tw_reuse_delay",
        "  How long a socket must have been in TIME_WAIT before tcp_tw_reuse may take over its ports.",
        "",
        "  default  1000",
        "  takes    1 to 60000 ms",
        "  scope    every network namespace has its own; a new one starts with the default",
        "  since    Linux 6.14",
        "  acts on  the side that dials",
        "  moves    connections.rate, tcpext.TWRecycled, failures.EADDRNOTAVAIL",
        "",
        "  Note:",
        "  - Before Linux 6.14 the delay was 1 s, in whole seconds of the timestamp clock.",
      ].join("\n"),
    );
  });

  test("fits in 100 columns", () => {
    const lines = SYSCTLS.flatMap((entry) => explainSysctl(entry).split("\n"));
    expect(lines.filter((line) => line.length > 100)).toEqual([]);
    expect(lines.filter((line) => line !== line.trimEnd())).toEqual([]);
  });
});
