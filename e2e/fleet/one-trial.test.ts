import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runVariants, type VariantResult } from "../run-variants.ts";
import { agentsWithClocks, type RunningFleet, startFleet, until } from "./start-fleet.ts";

/** 100 ports per source; every connection leaves one in TIME_WAIT, so each source succeeds 100 times. */
const CHURN = `
version: 1
name: fleet
workload: { kind: short-lived, arrival: { rate: 300/s } , PLACE }
phases: { measure: 2s }
sysctls: { client: { net.ipv4.ip_local_port_range: "30000 30099", net.ipv4.tcp_tw_reuse: 0 } }
replicates: 1
`;
const OFFSETS_MS = [5000, -5000, 0, 123_456.789];

let fleet: RunningFleet;

beforeAll(async () => {
  const specs = agentsWithClocks(OFFSETS_MS);
  fleet = await startFleet(specs.map((spec) => ({ ...spec, flags: [`--label=is=${spec.name}`] })));
}, 60_000);
afterAll(() => fleet[Symbol.asyncDispose]());

async function runOnFleet(scenario: string, run: string): Promise<VariantResult> {
  const testbed = await fleet.open(run);
  try {
    const [result] = Object.values(await runVariants(scenario, testbed));
    return result as VariantResult;
  } finally {
    await testbed.close();
  }
}

function onFleet(scenario: string, agents: number): string {
  const spec = `fleet: { agents: ${agents}, perAgent: { workers: 1 } }\n`;
  return `${scenario.replace(", PLACE", "")}${spec}`;
}

/** What ports and TIME_WAIT decide. How many of the rest were dropped on a busy machine, and not attempted, is its own. */
const COMPARED = [
  ["client", "connections.intended"],
  ["client", "connections.succeeded"],
  ["client", "time_wait.peak"],
  ["client", "time_wait.end"],
  ["client", "ports.used_peak"],
  ["client", "tcp.ActiveOpens"],
  ["target", "tcp.PassiveOpens"],
  ["target", "time_wait.peak"],
] as const;

/** What was found of a clock is right, within the error that was found with it. */
function expectOffset(of: (metric: string) => number, offsetMs: number): void {
  const errorMs = of("fleet.offset_error_us") / 1000;
  expect(errorMs).toBeLessThanOrEqual(5);
  expect(Math.abs(of("fleet.offset_ms") - offsetMs)).toBeLessThanOrEqual(errorMs + 0.1);
}

describe("a trial of four agents", () => {
  it("counts what one process with four workers counts, whatever the agents' clocks say", async () => {
    const [local] = Object.values(
      await runVariants(CHURN.replace("PLACE", "sources: 4, workers: 4")),
    );
    const remote = await runOnFleet(onFleet(CHURN, 4), "RUNFOUR");
    const figures = (result: VariantResult): unknown =>
      COMPARED.map(([role, metric]) => [role, metric, result.of(role, metric)]);
    expect(figures(remote)).toEqual(figures(local as VariantResult));
    expect(remote.of("client", "connections.succeeded")).toBe(400);
    expect(remote.of("target", "tcp.PassiveOpens")).toBe(400);
    expectOffset((metric) => remote.of("client", metric), 123_456.789);
  });

  it.each([
    ["a1", 5000],
    ["a2", -5000],
  ])(
    "has four times the ports of %s alone, whose clock is found to be off by %d ms, and whose results are the same for it",
    async (name, offsetMs) => {
      const alone = onFleet(CHURN, 1).replace("agents: 1,", `agents: 1, labels: { is: ${name} },`);
      const one = await runOnFleet(alone, `RUN${name}`);
      expect(one.of("client", "connections.succeeded")).toBe(100);
      expect(one.of("target", "tcp.PassiveOpens")).toBe(100);
      expectOffset((metric) => one.of("client", metric), offsetMs);
    },
  );

  it("marks the counters of every host where the warm-up ends", async () => {
    const scenario = onFleet(CHURN, 4)
      .replace("measure: 2s", "warmUp: 1s, measure: 2s")
      .replace("30000 30099", "30000 39999");
    const result = await runOnFleet(scenario, "RUNWARM");
    expect(result.of("client", "connections.succeeded")).toBe(600);
    for (const [role, metric] of [
      ["client", "tcp.ActiveOpens"],
      ["target", "tcp.PassiveOpens"],
    ] as const) {
      // The mark falls between arrivals, on each host at its own moment: within the arrivals of 20 ms.
      expect(Math.abs(result.of(role, metric) - 600)).toBeLessThanOrEqual(6);
    }
  });

  it("leaves no host of a trial behind", async () => {
    // The kernel takes a namespace apart in the background.
    expect(await until(() => fleet.countHosts() === 0, 5000)).toBe(true);
  });
});
