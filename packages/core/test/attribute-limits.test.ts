import { describe, expect, it } from "vitest";
import { attributeLimits } from "../src/attribute-limits.ts";
import type { ErrnoName } from "../src/errno.ts";
import type { LimitEvidence } from "../src/limits/limit.ts";
import type { Role } from "../src/role.ts";
import type { ConnectionStep } from "../src/tally.ts";

const NOTHING: LimitEvidence = {
  measurements: [],
  failures: [],
  warnings: [],
  bind: "none",
  topology: "direct",
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
    [measured("target", "accept_failures.EMFILE", 3), "descriptors", "target"],
    [measured("target", "accept_failures.ENFILE", 1), "descriptors", "target"],
    [measured("target", "tcpext.ListenOverflows", 3), "accept-queue", "target"],
    [measured("target", "tcpext.TCPReqQFullDrop", 3), "syn-queue", "target"],
    [measured("target", "tcpext.TCPReqQFullDoCookies", 3), "syn-queue", "target"],
    [measured("client", "conntrack.dropped", 9), "unknown", "client"],
    [measured("client", "tcpext.TCPTimeWaitOverflow", 350), "time-wait-buckets", "client"],
    [failed("receive", "ECONNRESET", 2), "resets", "client"],
    [
      { ...measured("target", "failures.EADDRNOTAVAIL", 300), topology: "gateway" as const },
      "ports",
      "target",
    ],
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

  it.each([
    [262_144, "conntrack"],
    [262_140, "conntrack"],
    [65_536, "unknown"],
    [0, "unknown"],
  ])("with %i of 262 144 entries takes packets that tracking dropped for %s", (peak, resource) => {
    const measurements = [
      { role: "client", metric: "conntrack.dropped", value: 9 },
      { role: "client", metric: "conntrack.peak", value: peak },
      { role: "client", metric: "conntrack.max", value: 262_144 },
    ] as const;
    expect(attributeLimits({ ...NOTHING, measurements })).toMatchObject([{ resource }]);
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

  it.each([
    ["connect", "EADDRNOTAVAIL"],
    ["bind", "EADDRINUSE"],
    ["connect", "EADDRINUSE"],
  ] as const)("takes %s %s for one taken port where the client chooses it", (step, errno) => {
    const limits = attributeLimits({ ...failed(step, errno, 3), bind: "port" });
    expect(limits).toMatchObject([
      { resource: "chosen-port", role: "client", evidence: { [`${step}.${errno}`]: 3 } },
    ]);
  });

  it.each([
    [89, "unknown"],
    [90, "ports"],
    [100, "ports"],
  ])("with %i of 100 ports in use at most takes EADDRNOTAVAIL for %s", (used, resource) => {
    for (const role of ["client", "target"] as const) {
      const measurements = [
        { role, metric: "ports.used_peak", value: used },
        { role, metric: "ports.range", value: 100 },
        { role: "target", metric: "failures.EADDRNOTAVAIL", value: role === "target" ? 2 : 0 },
      ] as const;
      const failures = role === "client" ? failed("connect", "EADDRNOTAVAIL", 2).failures : [];
      const limits = attributeLimits({ ...NOTHING, topology: "gateway", failures, measurements });
      expect(limits).toMatchObject([{ resource, role }]);
    }
  });

  it.each([
    ["gateway", 500, ["ports"]],
    ["gateway", 499, []],
    ["direct", 500, []],
  ] as const)(
    "takes 502 of a %s with %i of 500 ports in use for %j",
    (topology, used, resources) => {
      const { failures } = failed("receive", "HTTP_502", 100);
      const measurements = [
        { role: "target", metric: "ports.used_peak", value: used },
        { role: "target", metric: "ports.range", value: 500 },
      ] as const;
      const limits = attributeLimits({ ...NOTHING, topology, failures, measurements });
      expect(limits.map(({ resource }) => resource)).toEqual(resources);
      for (const { role, evidence } of limits) {
        expect([role, evidence]).toEqual([
          "target",
          { "receive.HTTP_502": 100, "target.ports.used_peak": 500, "target.ports.range": 500 },
        ]);
      }
    },
  );

  it("names the ports of a gateway once when it counted the errno and its clients the 502", () => {
    const { failures } = failed("receive", "HTTP_502", 300);
    const measurements = [
      { role: "target", metric: "failures.EADDRNOTAVAIL", value: 300 },
      { role: "target", metric: "ports.used_peak", value: 500 },
      { role: "target", metric: "ports.range", value: 500 },
    ] as const;
    const limits = attributeLimits({ ...NOTHING, topology: "gateway", failures, measurements });
    expect(limits).toMatchObject([{ resource: "ports", role: "target" }]);
  });

  it("blames the generator when its schedule was lost", () => {
    const warnings = [{ code: "W_GENERATOR_LIMITED", message: "late" }] as const;
    expect(attributeLimits({ ...NOTHING, warnings })).toMatchObject([{ resource: "generator" }]);
  });
});
