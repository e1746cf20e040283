import { describe, expect, it, test } from "vitest";
import { describePlan } from "../../src/describe-plan.ts";
import { parseScenario } from "../../src/parse-scenario.ts";
import { planTrials } from "../../src/plan-trials.ts";
import { forecastGateway } from "../../src/port-model/forecast-gateway.ts";
import { warnGatewayPorts } from "../../src/port-model/warn-gateway-ports.ts";
import type { TrialSpec } from "../../src/scenario.ts";

interface Case {
  readonly rate?: string;
  readonly measure?: string;
  readonly reuse?: number;
  readonly more?: string;
  readonly workload?: string;
  readonly client?: string;
}

const gateway = ({
  rate = "200/s",
  measure = "8s",
  reuse = 0,
  more = "",
  workload = `kind: keep-alive, arrival: { model: open, rate: ${rate} }`,
  client = "",
}: Case): string => `
version: 1
name: gateway
topology: gateway
workload: { ${workload} }
phases: { measure: ${measure} }
sysctls: { client: { ${client} }, target: { net.ipv4.ip_local_port_range: "40000 40499", net.ipv4.tcp_tw_reuse: ${reuse} } }
${more}
variants: [{ name: only }]
`;

function forecast(given: Case) {
  const spec = parseScenario(gateway(given), "gateway.yaml").variants[0]?.spec as TrialSpec;
  return forecastGateway(spec, { hz: 250 });
}

describe("the ports of a gateway with a connection for each request", () => {
  // Measured by scenarios/gateway-exhaustion.yaml on Linux 6.18.
  it("run out after range / rate, and exactly the range succeeds", () => {
    expect(forecast({})).toMatchObject({
      ports: 500,
      firstExhaustedMs: 2500,
      succeeded: { low: 500, high: 500 },
      failed: { low: 1100, high: 1100 },
    });
  });

  it("come back after a minute: a second range in 72 s", () => {
    const found = forecast({ rate: "50/s", measure: "72s" });
    expect(found?.firstExhaustedMs).toBe(10_000);
    // 500 again from 60 s on, at 50/s.
    expect(found?.succeeded?.low).toBeGreaterThan(950);
    expect(found?.succeeded?.high).toBeLessThanOrEqual(1000);
    expect(found?.ceilingPerS?.high).toBeLessThan(500 / 59);
  });

  it("come back after a second with tcp_tw_reuse", () => {
    const found = forecast({ reuse: 1 });
    expect(found).toMatchObject({ limit: "reuse-delay", firstExhaustedMs: "never" });
    expect(found?.ceilingPerS).toEqual({ low: 500, high: 500 });
  });

  it.each(["upstream: { connections: pooled }", "target: { command: [nginx] }"])(
    "are not foretold with %s",
    (more) => {
      expect(forecast({ more })).toBeNull();
    },
  );
});

describe("the ports of a gateway behind short-lived connections", () => {
  const workload = "kind: short-lived, arrival: { model: open, rate: 200/s }";

  it("run out as those of requests on kept connections do", () => {
    const kept = forecast({});
    expect(forecast({ workload })).toMatchObject({
      firstExhaustedMs: 2500,
      succeeded: kept?.succeeded,
      failed: kept?.failed,
    });
  });

  it("are not counted past the client's own end", () => {
    const client = 'net.ipv4.ip_local_port_range: "40000 40299", net.ipv4.tcp_tw_reuse: 0';
    const before = forecast({ workload, client });
    expect(before).toMatchObject({ firstExhaustedMs: null, succeeded: null, exact: false });
    expect(before?.sentence).toContain("The client runs out of ports itself");
    const after = client.replace("40299", "40699");
    expect(forecast({ workload, client: after })).toMatchObject({
      firstExhaustedMs: 2500,
      succeeded: null,
    });
  });
});

describe("the ports of a gateway behind a closed loop", () => {
  const workload = "kind: keep-alive, arrival: { model: closed, connections: 8 }";

  it("are told by what they carry in the long run, as nobody knows how fast it is", () => {
    const found = forecast({ workload });
    expect(found).toMatchObject({ firstExhaustedMs: null, offeredPerS: null, succeeded: null });
    expect(found?.ceilingPerS?.high).toBeLessThan(500 / 59);
    expect(found?.sentence).toContain("A closed loop asks for as many as are answered");
  });

  it("are not foretold where nothing is asked", () => {
    expect(forecast({ workload: workload.replace("keep-alive", "hold") })).toBeNull();
  });
});

describe("the warning of a run", () => {
  const warn = (...cases: readonly Case[]): string[] =>
    warnGatewayPorts(
      cases.map((given, i) => {
        const spec = parseScenario(gateway(given), "gateway.yaml").variants[0]?.spec as TrialSpec;
        return { name: `v${i}`, spec };
      }),
    );

  it("names the variants whose gateway will run out, or may", () => {
    const closed = { workload: "kind: short-lived, arrival: { model: closed, connections: 8 }" };
    const [will, may, ...others] = warn({}, { rate: "5/s" }, closed);
    expect(will).toMatch(/^v0: the target will run out of ports .* after 2\.5 s/);
    expect(may).toMatch(/^v2: the target may run out of ports towards its upstream: 500 ports/);
    expect(others).toEqual([]);
  });

  it("is said once of all, and not of a gateway that keeps its connections", () => {
    expect(warn({}, {})).toEqual([expect.stringMatching(/^the target will run out/)]);
    expect(warn({ more: "upstream: { connections: pooled }" })).toEqual([]);
  });
});

test("a plan tells when a gateway runs out, and by whose doing", () => {
  const scenario = parseScenario(gateway({}), "gateway.yaml");
  const [variant] = describePlan(scenario, planTrials(scenario)).variants;
  const text = variant?.gatewayPorts?.sentence;
  expect(text).toMatch(/^500 ports/);
  expect(text).toContain("because the gateway closes first and tcp_tw_reuse is not 1");
  expect(text).toContain("First EADDRNOTAVAIL at 200/s after 2.5 s");
});
