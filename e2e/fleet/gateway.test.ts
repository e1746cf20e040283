import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runVariants } from "../run-variants.ts";
import { type RunningFleet, startFleet } from "./start-fleet.ts";

const SCENARIO = `
version: 1
name: gateway
topology: gateway
fleet: { agents: 1, perAgent: { workers: 1 } }
workload: { kind: short-lived, closer: client, arrival: { rate: 100/s } }
phases: { measure: 2s }
sysctls: { target: { net.ipv4.ip_local_port_range: "20000 29999" }, upstream: { net.ipv4.tcp_fin_timeout: 11 } }
replicates: 1
`;

let fleet: RunningFleet;

beforeAll(async () => {
  fleet = await startFleet([
    { name: "target", role: "target", addresses: ["198.18.1.1", "198.18.1.2"] },
    { name: "a1", role: "load", addresses: ["198.18.2.1"] },
  ]);
});
afterAll(() => fleet[Symbol.asyncDispose]());

describe("a gateway on an agent's host", () => {
  it("dials an upstream there, and all three roles are prepared, observed and counted", async () => {
    const testbed = await fleet.open("RUNGATEWAY");
    const [result] = Object.values(await runVariants(SCENARIO, testbed));
    await testbed.close();
    if (result === undefined) throw new Error("no result");
    expect(result.of("client", "connections.succeeded")).toBe(200);
    expect(result.of("target", "tcp.PassiveOpens")).toBe(200);
    expect(result.of("target", "tcp.ActiveOpens")).toBe(result.of("upstream", "tcp.PassiveOpens"));
    expect(result.of("upstream", "tcp.PassiveOpens")).toBeGreaterThan(0);
    const written = result.outcome.record.sysctls.map(
      ({ role, name, effective }) => `${role} ${name} ${effective}`,
    );
    expect(written.toSorted()).toEqual([
      "target net.ipv4.ip_local_port_range 20000 29999",
      "upstream net.ipv4.tcp_fin_timeout 11",
    ]);
    await expect.poll(() => fleet.countHosts()).toBe(0);
  });
});
