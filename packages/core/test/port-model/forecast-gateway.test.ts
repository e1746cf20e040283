import { describe, expect, it, test } from "vitest";
import { describePlan } from "../../src/describe-plan.ts";
import { formatPlan } from "../../src/format-plan.ts";
import { parseScenario } from "../../src/parse-scenario.ts";
import { planTrials } from "../../src/plan-trials.ts";
import { forecastGateway } from "../../src/port-model/forecast-gateway.ts";
import type { TrialSpec } from "../../src/scenario.ts";

interface Case {
  readonly rate?: string;
  readonly measure?: string;
  readonly reuse?: number;
  readonly more?: string;
}

const gateway = ({ rate = "200/s", measure = "8s", reuse = 0, more = "" }: Case): string => `
version: 1
name: gateway
topology: gateway
workload: { kind: keep-alive, arrival: { model: open, rate: ${rate} } }
phases: { measure: ${measure} }
sysctls: { target: { net.ipv4.ip_local_port_range: "40000 40499", net.ipv4.tcp_tw_reuse: ${reuse} } }
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

test("a plan tells when a gateway runs out, and by whose doing", () => {
  const scenario = parseScenario(gateway({}), "gateway.yaml");
  const text = formatPlan(describePlan(scenario, planTrials(scenario))).replaceAll(/\s+/g, " ");
  expect(text).toContain("The target, towards its upstream: 500 ports");
  expect(text).toContain("because the gateway closes first and tcp_tw_reuse is not 1");
  expect(text).toContain("First EADDRNOTAVAIL at 200/s after 2.5 s");
});
