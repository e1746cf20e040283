import { availableParallelism, release } from "node:os";
import type { Recorder } from "@churnlab/control";
import { agentDescriptionSchema, connectNats, verbSubject } from "@churnlab/fleet";
import { readSysctls } from "@churnlab/linux";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stateBesideLate } from "../machine-doubts.ts";
import { clock } from "../real-clock.ts";
import { requestOf } from "./request-of.ts";
import { runOne } from "./run-one.ts";
import { agentsWithClocks, type RunningFleet, startFleet } from "./start-fleet.ts";

/** Longer than the five seconds between two dumps of ports. */
const SCENARIO = `
version: 1
name: live
fleet: { agents: 2, perAgent: { workers: 1 } }
workload: { kind: short-lived, closer: client, arrival: { rate: 200/s } }
phases: { measure: 7s }
replicates: 1
`;

/** Other tests run beside this one. */
const TRIES_MAX = 5;

const PORT_RANGE = "net.ipv4.ip_local_port_range";

let fleet: RunningFleet;

beforeAll(async () => {
  const flags = ["--label=zone=b", "--label=rack=7"];
  fleet = await startFleet(agentsWithClocks([5000, -70_000]).map((spec) => ({ ...spec, flags })));
});
afterAll(() => fleet[Symbol.asyncDispose]());

describe("what an agent says of itself when it is asked", () => {
  it("is what a trial can have of it: roles, labels, workers, kernel, addresses, ports, engines", async () => {
    const nc = await connectNats({ name: "test", server: fleet.url, seed: null, ca: null });
    const reply = await nc.request(verbSubject("a2", "describe"), requestOf("0.1.0"));
    await nc.close();
    const { ok, body } = reply.json<{ ok: boolean; body: unknown }>();
    expect(ok).toBe(true);
    const description = agentDescriptionSchema.parse(body);
    expect(description).toMatchObject({
      name: "a2",
      roles: ["load"],
      labels: { zone: "b", rack: "7" },
      capacity: 4,
      cores: availableParallelism(),
      kernel: release(),
      network: "link",
      addresses: ["198.18.2.2"],
      // Of the namespace, where nobody has changed it.
      portRange: readSysctls(fleet.lan, [PORT_RANGE])[PORT_RANGE],
    });
    expect(description.engines).toContain("net");
    expect(Math.abs(description.nowMs + 70_000 - clock.nowMs())).toBeLessThan(5000);
  });
});

describe("what is told of a fleet while its trial runs", () => {
  it("has latencies each second, ports between the looks, and how each agent does, as a local trial has", async () => {
    const testbed = await fleet.open("RUNLIVE");
    const engines = new Map<string, string | null>();
    const cpu = new Map<string, number>();
    const seen = new Map<string, number[]>();
    let measureAtMs = Number.NaN;
    const outcome = await runOne(SCENARIO, testbed, {
      onSample: (recorder: Recorder) => {
        measureAtMs = recorder.measureAtMs;
        for (const each of recorder.agents) {
          engines.set(each.agent, each.engine || (engines.get(each.agent) ?? null));
          cpu.set(each.agent, Math.max(cpu.get(each.agent) ?? 0, each.cpuShare ?? 0));
        }
        for (const metric of ["latency.connect.p50", "latency.request.p50", "ports.used"]) {
          const points = recorder.series.points("client", metric);
          seen.set(
            metric,
            points.map(({ atMs }) => atMs),
          );
        }
      },
    });
    await testbed.close();
    expect(stateBesideLate(outcome)).toBe("completed");
    expect(outcome.record.tally.connections.succeeded).toBe(1400);

    const within = (metric: string): number[] =>
      (seen.get(metric) ?? []).filter((atMs) => atMs > measureAtMs && atMs < measureAtMs + 6800);
    expect(within("latency.connect.p50").length).toBeGreaterThanOrEqual(2);
    expect(within("latency.request.p50").length).toBeGreaterThanOrEqual(2);
    expect(within("ports.used").length).toBeGreaterThanOrEqual(1);

    expect([...engines.keys()]).toEqual(["a1", "a2"]);
    for (const engine of engines.values()) expect(engine).toMatch(/^(?:ring|epoll|net)$/);
    for (const share of cpu.values()) expect(share).toBeGreaterThan(0);
  });

  it("misses few of its lines on a machine that has time for them", async () => {
    const testbed = await fleet.open("RUNLINES");
    const missed: number[] = [];
    // Of 15 lines on each side; `remote-observer.test.ts` counts them exactly.
    while (missed.length < TRIES_MAX && !missed.some((lines) => lines <= 5)) {
      const { record } = await runOne(SCENARIO.replace("7s", "3s"), testbed);
      const told = record.measurements.find(({ metric }) => metric === "fleet.live_missed");
      missed.push(told?.value ?? Number.NaN);
    }
    await testbed.close();
    expect(missed.at(-1)).toBeLessThanOrEqual(5);
  });
});
