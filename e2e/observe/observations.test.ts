import { KERNEL_COUNTERS } from "@churnlab/linux";
import { describe, expect, it, onTestFinished } from "vitest";
import { runVariants, type VariantResult } from "../run-variants.ts";

async function runOne(workload: string, rest = "", measure = "1s"): Promise<VariantResult> {
  const yaml = `
version: 1
name: observations
workload: ${workload}
phases: { measure: ${measure} }
${rest}
variants: [{ name: only }]
replicates: 1
`;
  const { only } = await runVariants(yaml);
  if (only === undefined) throw new Error("the variant did not run");
  return only;
}

const sum = (values: readonly number[]): number => values.reduce((total, each) => total + each, 0);

describe("two sources", () => {
  const workload =
    "{ kind: short-lived, closer: client, sources: 2, arrival: { model: open, rate: 200/s } }";

  it("have a port budget each, which add up to all of TIME_WAIT", async () => {
    const result = await runOne(workload);
    const { portUses } = result.outcome.record;
    const last = Math.max(...portUses.map(({ tMs }) => tMs));
    const atEnd = portUses.filter(({ tMs, role }) => tMs === last && role === "client");
    expect(new Set(atEnd.map(({ source }) => source)).size).toBe(2);
    expect(new Set(atEnd.map(({ destination }) => destination)).size).toBe(1);
    expect(sum(atEnd.map(({ used }) => used))).toBe(result.of("client", "time_wait.end"));
    expect(sum(atEnd.map(({ states }) => states["TIME_WAIT"] ?? 0))).toBe(200);
    expect(Math.max(...atEnd.map(({ used }) => used))).toBe(result.of("client", "ports.used_peak"));
  });

  it("have none where the scenario asks for no dumps", async () => {
    const { outcome } = await runOne(workload, "observe: { ports: false }");
    expect(outcome.record.portUses).toEqual([]);
    expect(outcome.record.measurements.filter(({ metric }) => metric.startsWith("ports."))).toEqual(
      [],
    );
  });
});

describe("a range of 100 ports that is used up in a second and comes back after two", () => {
  it("has an event at a half, at nine tenths, at the last port, and at the first that is free again", async () => {
    const { outcome } = await runOne(
      "{ kind: short-lived, closer: client, arrival: { model: open, rate: 100/s } }",
      `sysctls: { client: { net.ipv4.ip_local_port_range: 40000 40099, net.ipv4.tcp_tw_reuse: 1, net.ipv4.tcp_tw_reuse_delay: 2000 } }`,
      "3s",
    );
    const { events } = outcome.record;
    const atMs = (kind: string): number => {
      const found = events.filter((event) => event.kind === kind && event.role === "client");
      expect([kind, found.length]).toEqual([kind, 1]);
      return found[0]?.tMs ?? Number.NaN;
    };
    const [half, nearly, exhausted, free] = [
      atMs("ports.half"),
      atMs("ports.nearly-exhausted"),
      atMs("ports.exhausted"),
      atMs("ports.free-again"),
    ];
    // Those that one look finds are of one moment.
    expect(half).toBeLessThanOrEqual(nearly);
    expect(half).toBeLessThan(exhausted);
    expect(nearly).toBeLessThan(free);
    expect(exhausted).toBeLessThan(free);
    expect(events.find(({ kind }) => kind === "ports.exhausted")?.detail).toMatchObject({
      errno: "EADDRNOTAVAIL",
      step: "connect",
    });
  });
});

describe("a gateway whose 100 ports towards its upstream are used up in a second and come back after two", () => {
  it("has the events and the time of its own side, where the client has none", async () => {
    const result = await runOne(
      "{ kind: short-lived, arrival: { model: open, rate: 100/s } }",
      `topology: gateway
upstream: { connections: short-lived }
sysctls: { target: { net.ipv4.ip_local_port_range: 40000 40099, net.ipv4.tcp_tw_reuse: 1, net.ipv4.tcp_tw_reuse_delay: 2000 } }`,
      "3s",
    );
    const { events, measurements } = result.outcome.record;
    const told = events.filter(({ kind }) => /^ports\.(exhausted|free-again)$/.test(kind));
    expect(told.map(({ role, kind }) => [role, kind])).toEqual([
      ["target", "ports.exhausted"],
      ["target", "ports.free-again"],
    ]);
    const [exhausted, free] = told;
    expect(exhausted?.detail).toEqual({ errno: "EADDRNOTAVAIL", step: "connect" });
    expect(result.of("target", "ports.first_exhausted_ms")).toBe(exhausted?.tMs);
    // The hundred first requests take them.
    expect(exhausted?.tMs).toBeGreaterThan(900);
    const outMs = (free?.tMs ?? 0) - (exhausted?.tMs ?? 0);
    expect(free?.detail["afterMs"]).toBeCloseTo(outMs, 3);
    expect(outMs).toBeGreaterThan(500);
    const ofClient = measurements.filter(
      ({ role, metric }) => role === "client" && metric === "ports.first_exhausted_ms",
    );
    expect(ofClient).toEqual([]);
  });
});

describe("what the kernel keeps for the whole host", () => {
  it("is sampled beside each role's own, and has the sockets of all roles in it", async () => {
    const { outcome } = await runOne("{ kind: hold, arrival: { model: closed, connections: 50 } }");
    const highest = (role: string, metric: string): number => {
      const ofRole = outcome.record.samples.filter(
        (each) => each.role === role && each.metric === metric,
      );
      expect([role, metric, ofRole.length > 0]).toEqual([role, metric, true]);
      return Math.max(...ofRole.map(({ value }) => value));
    };
    expect(highest("client", "tcp.inuse")).toBe(50);
    for (const role of ["client", "target"]) {
      // Both ends of each connection, and the listener.
      expect(highest(role, "host.tcp.alloc")).toBeGreaterThanOrEqual(101);
      expect(highest(role, "host.tcp.orphan")).toBeGreaterThanOrEqual(0);
      expect(highest(role, "host.tcp.mem")).toBeGreaterThanOrEqual(0);
    }
  });
});

describe("a counter that this kernel lacks", () => {
  it("is absent from the trial, with a warning for each role, and never a zero", async () => {
    const name = "TCPCountedOnNoKernel";
    const counters = KERNEL_COUNTERS.tcpext as Record<string, string>;
    counters[name] = "What no kernel counts.";
    onTestFinished(() => {
      delete counters[name];
    });
    const { outcome } = await runOne("{ kind: short-lived, arrival: { model: open, rate: 20/s } }");
    const { warnings, measurements, samples } = outcome.record;
    const told = warnings.filter(({ code }) => code === "W_COUNTER_ABSENT");
    expect(told.map(({ message }) => message)).toEqual([
      `client: this kernel has no counter tcpext.${name}`,
      `target: this kernel has no counter tcpext.${name}`,
    ]);
    for (const { metric } of [...measurements, ...samples]) expect(metric).not.toContain(name);
  });
});

describe("the queues of a listener", () => {
  it("are recorded each second, under its address", async () => {
    const { outcome } = await runOne("{ kind: short-lived, arrival: { model: open, rate: 50/s } }");
    const ofTarget = outcome.record.listenerQueues.filter(({ role }) => role === "target");
    expect(ofTarget.length).toBeGreaterThan(0);
    expect(ofTarget[0]).toMatchObject({ port: 8080, limit: 4096 });
    // A look may fall between a handshake and its accept().
    for (const { depth, synReceived } of ofTarget) {
      expect(depth).toBeLessThan(50);
      expect(synReceived).toBeLessThan(50);
    }
  });
});

describe("resets", () => {
  it("are counted per second on both sides, and told where they end a connection", async () => {
    const result = await runOne(
      "{ kind: short-lived, closer: client, close: rst, arrival: { model: open, rate: 100/s } }",
    );
    const { samples, events } = result.outcome.record;
    const rates = (role: string, metric: string): number[] =>
      samples.filter((each) => each.role === role && each.metric === metric).map((s) => s.value);
    expect(result.of("client", "rst.sent")).toBe(100);
    expect(result.of("target", "rst.received")).toBe(100);
    expect(result.of("client", "rst.sent_rate_peak")).toBe(
      Math.max(...rates("client", "rst.sent_rate")),
    );
    expect(Math.max(...rates("target", "rst.received_rate"))).toBeGreaterThan(0);
    expect(rates("target", "rst.sent_rate")).toEqual([]);
    const received = events.filter(({ kind }) => kind === "rst.received");
    expect(received).toHaveLength(100);
    expect(new Set(received.map(({ role }) => role))).toEqual(new Set(["target"]));
    // What the target has read and not yet ended is open in either of two states.
    for (const { detail } of received)
      expect(detail["state"]).toMatch(/^(ESTABLISHED|CLOSE_WAIT)$/);
  });
});
