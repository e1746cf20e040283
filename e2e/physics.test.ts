import { describe, expect, it } from "vitest";
import { runVariants, type VariantResult } from "./run-variants.ts";

/** A scenario of one variant, from the parts that a test is about. */
function scenario(parts: { workload: string; sysctls?: string; measure?: string }): string {
  return `
version: 1
name: physics
workload: ${parts.workload}
phases: { measure: ${parts.measure ?? "1s"} }
sysctls: ${parts.sysctls ?? "{}"}
variants: [{ name: only }]
replicates: 1
`;
}

async function runOne(parts: Parameters<typeof scenario>[0]): Promise<VariantResult> {
  const { only } = await runVariants(scenario(parts));
  if (only === undefined) throw new Error("the variant did not run");
  return only;
}

const ports = (count: number, reuse: number): string =>
  `{ client: { net.ipv4.ip_local_port_range: "40000 ${40000 + count - 1}", net.ipv4.tcp_tw_reuse: ${reuse} } }`;

describe("a range of 100 ports, the client closes first, no reuse, 300 attempts", () => {
  it("gives exactly 100 connections and 200 times EADDRNOTAVAIL at connect", async () => {
    const result = await runOne({
      workload: "{ kind: short-lived, closer: client, arrival: { model: open, rate: 300/s } }",
      sysctls: ports(100, 0),
    });
    expect(result.of("client", "connections.attempted")).toBe(300);
    expect(result.of("client", "connections.succeeded")).toBe(100);
    expect(result.of("client", "failures.EADDRNOTAVAIL")).toBe(200);
    expect(result.outcome.record.failures).toEqual([
      expect.objectContaining({ step: "connect", errno: "EADDRNOTAVAIL", count: 200 }),
    ]);
    const sampled = result.outcome.record.samples
      .filter(({ metric }) => metric === "failures.EADDRNOTAVAIL")
      .map(({ value }) => value);
    const growths = sampled.slice(1).map((value, i) => value - (sampled[i] as number));
    expect(sampled[0]).toBe(0);
    expect(growths.reduce((sum, growth) => sum + growth, 0)).toBe(200);
    expect(growths.filter((growth) => growth > 0).length).toBeGreaterThan(1);
    expect(growths.every((growth) => growth >= 0)).toBe(true);
    expect(result.of("client", "time_wait.peak")).toBe(100);
    expect(result.of("target", "time_wait.peak")).toBe(0);
    expect(result.of("client", "ports.used_peak")).toBe(100);
    expect(result.of("client", "ports.range")).toBe(100);
    expect(result.of("client", "tcp.ActiveOpens")).toBe(100);
    expect(result.of("target", "tcp.PassiveOpens")).toBe(100);
  });
});

describe("tcp_tw_reuse=1 at 400/s for 5 s over 1000 ports", () => {
  it("never fails, and recycles every connection that is not on a fresh port", async () => {
    const result = await runOne({
      workload: "{ kind: short-lived, closer: client, arrival: { model: open, rate: 400/s } }",
      sysctls: ports(1000, 1),
      measure: "5s",
    });
    expect(result.of("client", "connections.succeeded")).toBe(2000);
    expect(result.of("client", "connections.failed")).toBe(0);
    // No TIME_WAIT ends within 60 s, so every port ever used is in TIME_WAIT at the end, once.
    const distinctPorts = result.of("client", "time_wait.end");
    expect(distinctPorts).toBe(result.of("client", "ports.used_peak"));
    expect(result.of("client", "tcpext.TWRecycled")).toBe(2000 - distinctPorts);
  });
});

describe("who closes first", () => {
  it("leaves TIME_WAIT on the target only when the server closes", async () => {
    const result = await runOne({
      workload: "{ kind: short-lived, closer: server, arrival: { model: open, rate: 200/s } }",
    });
    expect(result.of("client", "connections.succeeded")).toBe(200);
    expect(result.of("client", "time_wait.peak")).toBe(0);
    expect(result.of("target", "tcpext.TW")).toBe(200);
    expect(result.of("target", "time_wait.peak")).toBeGreaterThan(0);
  });

  it("leaves no TIME_WAIT at all when the client resets, and one RST per connection", async () => {
    const result = await runOne({
      workload:
        "{ kind: short-lived, closer: client, close: rst, arrival: { model: open, rate: 200/s } }",
    });
    expect(result.of("client", "connections.succeeded")).toBe(200);
    expect(result.of("client", "time_wait.peak")).toBe(0);
    expect(result.of("target", "time_wait.peak")).toBe(0);
    expect(result.of("client", "rst.sent")).toBe(200);
    expect(result.of("target", "rst.received")).toBe(200);
    expect(result.of("target", "rst.sent")).toBe(0);
  });
});

describe("tcp_max_tw_buckets=50 and 400 connections", () => {
  it("caps the gauge, counts the overflow, and no client notices", async () => {
    const result = await runOne({
      workload: "{ kind: short-lived, closer: client, arrival: { model: open, rate: 400/s } }",
      sysctls: "{ client: { net.ipv4.tcp_max_tw_buckets: 50 } }",
    });
    expect(result.of("client", "connections.succeeded")).toBe(400);
    expect(result.of("client", "time_wait.peak")).toBeLessThanOrEqual(50);
    expect(result.of("client", "tcpext.TCPTimeWaitOverflow")).toBeGreaterThanOrEqual(350);
    expect(result.of("client", "connections.failed")).toBe(0);
  });
});

describe("keep-alive with 200 requests on one connection", () => {
  it("opens one connection and leaves at most one TIME_WAIT", async () => {
    const result = await runOne({
      workload:
        "{ kind: keep-alive, requestsPerConnection: 200, arrival: { model: closed, connections: 1, limit: 200 } }",
    });
    expect(result.of("client", "requests.succeeded")).toBe(200);
    expect(result.of("client", "connections.attempted")).toBe(1);
    expect(result.of("client", "connections.succeeded")).toBe(1);
    expect(result.of("client", "time_wait.peak")).toBeLessThanOrEqual(1);
  });
});
