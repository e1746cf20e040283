import { describe, expect, it } from "vitest";
import { attributeLimits, type LimitEvidence } from "../src/attribute-limits.ts";
import type { ErrnoName } from "../src/errno.ts";
import type { Role } from "../src/role.ts";
import type { ConnectionStep } from "../src/tally.ts";

const NOTHING: LimitEvidence = {
  measurements: [],
  failures: [],
  warnings: [],
  events: [],
  facts: {},
};

function failed(step: ConnectionStep, errno: ErrnoName, count: number): LimitEvidence {
  return { ...NOTHING, failures: [{ step, errno, count, firstMs: 0, lastMs: 0 }] };
}

function measured(role: Role, metric: string, value: number): LimitEvidence {
  return { ...NOTHING, measurements: [{ role, metric, value }] };
}

describe("attributeLimits", () => {
  it("finds nothing where nothing ran out", () => {
    expect(attributeLimits(NOTHING)).toEqual([]);
    expect(attributeLimits(measured("target", "tcpext.ListenOverflows", 0))).toEqual([]);
  });

  it.each([
    [failed("connect", "EADDRNOTAVAIL", 200), "ports", "client"],
    [failed("bind", "EADDRINUSE", 7), "bound-ports", "client"],
    [failed("connect", "EMFILE", 1), "descriptors", "client"],
    [measured("target", "tcpext.ListenOverflows", 3), "accept-queue", "target"],
    [measured("target", "tcpext.TCPReqQFullDrop", 3), "syn-queue", "target"],
    [measured("target", "tcpext.TCPReqQFullDoCookies", 3), "syn-queue", "target"],
    [measured("client", "conntrack.dropped", 9), "conntrack", "client"],
    [measured("client", "tcpext.TCPTimeWaitOverflow", 350), "time-wait-buckets", "client"],
    [failed("receive", "ECONNRESET", 2), "resets", "client"],
    [measured("target", "failures.EADDRNOTAVAIL", 300), "ports", "target"],
  ])("knows a shortage by its mark: %j is %s of the %s", (evidence, resource, role) => {
    expect(attributeLimits(evidence)).toMatchObject([{ resource, role }]);
  });

  it.each([
    ["0", "TCPReqQFullDrop", ["syn-queue"]],
    ["0", "ListenDrops", ["syn-queue"]],
    ["1", "TCPReqQFullDoCookies", ["syn-queue"]],
    ["1", "ListenDrops", []],
    ["2", "TCPReqQFullDoCookies", []],
  ])("with tcp_syncookies=%s takes %s for %j: always cookies is not a full queue", (...row) => {
    const [syncookies, counter, resources] = row;
    const facts = { "target.net.ipv4.tcp_syncookies": syncookies };
    const found = attributeLimits({ ...measured("target", `tcpext.${counter}`, 300), facts });
    expect(found.map(({ resource }) => resource)).toEqual(resources);
  });

  it("knows a slow trial without any failure: connect() searches for a port", () => {
    const detail = { portUsePercent: 51, beforeUs: 31, afterUs: 980 };
    const events = [{ kind: "connect-cliff", role: "client", detail }] as const;
    expect(attributeLimits({ ...NOTHING, events })).toMatchObject([
      {
        resource: "port-search",
        role: "client",
        evidence: {
          "connect.port_use_percent": 51,
          "connect.us_before": 31,
          "connect.us_after": 980,
        },
      },
    ]);
  });

  it("shows what the tracking table holds beside what it dropped", () => {
    const measurements = [
      { role: "target", metric: "conntrack.dropped", value: 9 },
      { role: "target", metric: "conntrack.peak", value: 262_144 },
      { role: "target", metric: "conntrack.max", value: 262_144 },
    ] as const;
    expect(attributeLimits({ ...NOTHING, measurements })).toMatchObject([
      {
        resource: "conntrack",
        role: "target",
        evidence: {
          "target.conntrack.dropped": 9,
          "target.conntrack.peak": 262_144,
          "target.conntrack.max": 262_144,
        },
      },
    ]);
  });

  it("shows the port budget beside the failures that name it", () => {
    const { failures } = failed("connect", "EADDRNOTAVAIL", 200);
    const measurements = [
      { role: "client", metric: "ports.used_peak", value: 100 },
      { role: "client", metric: "ports.range", value: 100 },
    ] as const;
    expect(attributeLimits({ ...NOTHING, failures, measurements })[0]?.evidence).toEqual({
      "connect.EADDRNOTAVAIL": 200,
      "client.ports.used_peak": 100,
      "client.ports.range": 100,
    });
  });

  it("blames the generator when its schedule was lost", () => {
    const warnings = [{ code: "W_GENERATOR_LIMITED", message: "late" }] as const;
    expect(attributeLimits({ ...NOTHING, warnings })).toMatchObject([{ resource: "generator" }]);
  });
});
