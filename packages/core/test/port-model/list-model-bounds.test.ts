import { describe, expect, test } from "vitest";
import { parseScenario } from "../../src/parse-scenario.ts";
import { listModelBounds, MODELLED_METRICS } from "../../src/port-model/list-model-bounds.ts";
import { predictPorts } from "../../src/port-model.ts";
import type { Scenario } from "../../src/scenario.ts";

const PORTS = 'net.ipv4.ip_local_port_range: "30000 30099"';

function boundsOf({ arrival = "rate: 100/s", measure = "40s", workload = "", reuse = 0 } = {}) {
  const text = `
version: 1
name: bounds
workload: { kind: short-lived, closer: client, arrival: { model: open, ${arrival} }${workload} }
phases: { measure: ${measure} }
sysctls: { client: { ${PORTS}, net.ipv4.tcp_tw_reuse: ${reuse} } }
`;
  const spec = (parseScenario(text, "test.yaml") as Scenario).variants[0]?.spec;
  if (spec === undefined) throw new Error("no variant");
  const model = listModelBounds(spec, predictPorts(spec));
  const found = new Map(
    model.bounds.map(({ role, metric, predicted }) => [`${role}.${metric}`, predicted]),
  );
  return { reason: model.reason, found };
}

describe("what gates may hold a trial against", () => {
  test("is exact within one TIME_WAIT: the rate of the whole phase, and a plateau of all ports", () => {
    const { found } = boundsOf();
    // 100 ports in 40 s.
    expect(found.get("client.connections.rate")).toEqual({ low: 2.5, high: 2.5 });
    expect(found.get("client.time_wait.plateau")).toEqual({ low: 100, high: 100 });
    expect(found.get("target.time_wait.plateau")).toEqual({ low: 0, high: 0 });
    expect(found.get("client.ports.first_exhausted_ms")).toEqual({ low: 1000, high: 1000 });
    for (const metric of found.keys()) expect(MODELLED_METRICS).toContain(metric);
  });

  test("is a range past it, where ports come back with the kernel's timer", () => {
    const rate = boundsOf({ measure: "310s" }).found.get("client.connections.rate");
    if (rate === undefined || rate === "never") throw new Error("no rate");
    // Five or six generations of 100 ports, each kept for 60 to 62 s.
    expect(rate.low).toBeGreaterThanOrEqual(500 / 310);
    expect(rate.high).toBeLessThanOrEqual(600 / 310);
  });

  test("of a slope is as wide as the samples are apart", () => {
    // 2/s over 40 s: 60 wait at three quarters of it; a sample is 0.2 s, so 0.4 connections away.
    const plateau = boundsOf({ arrival: "rate: 2/s" }).found.get("client.time_wait.plateau");
    expect(plateau).toMatchObject({
      low: expect.closeTo(60, -0.5),
      high: expect.closeTo(60, -0.5),
    });
    const wide = boundsOf({ arrival: "rate: 50/s", measure: "1s" }).found;
    const range = wide.get("client.time_wait.plateau");
    if (range === undefined || range === "never") throw new Error("no plateau");
    expect(range.low).toBeLessThan(30);
    expect(range.high).toBeGreaterThan(45);
  });

  test.each([
    [{ arrival: "rate: 100/s, shape: poisson" }, "arrivals come by chance"],
    [{ reuse: 1 }, "close to a limit"],
  ])("is nothing of %j", (options, reason) => {
    const bounds = boundsOf(options);
    expect([...bounds.found]).toEqual([]);
    expect(bounds.reason).toContain(reason);
  });
});
