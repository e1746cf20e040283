import path from "node:path";
import type { ResultDocument } from "@churnlab/report";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { querySqlite } from "../../packages/store/test/query-sqlite.ts";
import { Workplace } from "../cli/churnlab.ts";
import { isOnlyLate } from "../machine-doubts.ts";
import { runVariants, type VariantResult } from "../run-variants.ts";
import { agentsWithClocks, type RunningFleet, startFleet } from "./start-fleet.ts";

/** So many connections however busy the machine is: a closed loop has no schedule to lose. */
const COUNTED = "arrival: { model: closed, connections: 4, limit: 120 }";
/** 20 ports per source; every connection leaves one in TIME_WAIT, so each source succeeds 20 times. */
const churn = (workload: string): string => `
version: 1
name: fleet
workload: { kind: short-lived, closer: client, ${workload} }
phases: { measure: 10s }
sysctls: { client: { net.ipv4.ip_local_port_range: "30000 30019", net.ipv4.tcp_tw_reuse: 0 } }
replicates: 1
`;
/** The second has as many on a schedule, of which the port model tells what becomes; so slow that a busy machine keeps it. */
const JUDGED = `
variants:
  - { name: counted, workload: { ${COUNTED} } }
  - { name: scheduled, workload: { arrival: { model: open, rate: 40/s } }, phases: { measure: 3s } }
gates:
  - { metric: client.failures.EADDRNOTAVAIL, max: 0 }
  - { metric: client.connections.succeeded, min: 80 }
`;
const TRIES_MAX = 3;
const OFFSETS_MS = [5000, -5000, 0, 123_456.789];

const place = new Workplace();
let fleet: RunningFleet;

beforeAll(async () => {
  const specs = agentsWithClocks(OFFSETS_MS);
  fleet = await startFleet(specs.map((spec) => ({ ...spec, flags: [`--label=is=${spec.name}`] })));
});
afterAll(async () => {
  place[Symbol.dispose]();
  await fleet[Symbol.asyncDispose]();
});

async function runOnFleet(scenario: string, run: string): Promise<VariantResult> {
  const testbed = await fleet.open(run);
  try {
    const [result] = Object.values(await runVariants(scenario, testbed));
    return result as VariantResult;
  } finally {
    await testbed.close();
  }
}

/** `labels`: of the agents that may be chosen. */
function onFleet(scenario: string, agents: number, labels = "{}"): string {
  return `${scenario}fleet: { agents: ${agents}, labels: ${labels}, perAgent: { workers: 1 } }\n`;
}

/** What ports and TIME_WAIT decide. */
const COMPARED = [
  "client.connections.intended",
  "client.connections.attempted",
  "client.connections.succeeded",
  "client.connections.failed",
  "client.time_wait.peak",
  "client.time_wait.end",
  "client.ports.range",
  "client.ports.used_peak",
  "client.tcp.ActiveOpens",
  "target.tcp.PassiveOpens",
  "target.time_wait.peak",
] as const;

interface Judged {
  readonly result: ResultDocument;
  /** Of each variant, what was found to have limited it. */
  readonly limits: readonly unknown[];
}

/** Runs a scenario as a user does; again, a few times, where the machine was too busy for a trial to count. */
async function judge(name: string, scenario: string, ...more: readonly string[]): Promise<Judged> {
  const file = place.write(`${name}.yaml`, scenario);
  for (let tries = 1; ; tries++) {
    const db = `${name}-${tries}.db`;
    const { stdout } = await place.run(["run", file, "--db", db, "--json", ...more]);
    const result = JSON.parse(stdout) as ResultDocument;
    if (tries < TRIES_MAX && result.run.trials.some(isOnlyLate)) continue;
    const limits = "SELECT variant, role, kind FROM v_event WHERE kind LIKE 'limit.%' ORDER BY 1";
    return { result, limits: querySqlite(path.join(place.folder, db), limits) };
  }
}

/** All that is said of what was counted, by variant: their turn is another in every run. */
function verdictsOf({ result: { run, gates = [] }, limits }: Judged): unknown {
  return {
    trials: trialsOf(run).map(({ variant, state, reason, closer, measurements, failures }) => ({
      variant,
      state,
      reason,
      closer,
      figures: COMPARED.map((name) => [name, measurements[name]]),
      failures: failures.map(({ step, errno, count }) => [step, errno, count]),
    })),
    limits,
    predictions: run.predictions.map(({ variant, role, metric, predicted, agrees }) => {
      return { variant, role, metric, predicted, agrees };
    }),
    gates: gates.map(({ metric, variant, outcome }) => [metric, variant, outcome]),
  };
}

function trialsOf({ trials }: ResultDocument["run"]): ResultDocument["run"]["trials"] {
  return trials.toSorted((a, b) => a.variant.localeCompare(b.variant));
}

/** What was found of a clock is right, within the error that was found with it. */
function expectOffset(of: (metric: string) => number, offsetMs: number): void {
  const errorMs = of("fleet.offset_error_us") / 1000;
  // Beyond 5 ms a trial says that it is unsure; a machine that is busier than that is none of the clock's faults.
  expect(errorMs).toBeLessThanOrEqual(50);
  expect(Math.abs(of("fleet.offset_ms") - offsetMs)).toBeLessThanOrEqual(errorMs + 0.1);
}

describe("a trial of four agents", () => {
  it("counts and judges as one process with four workers, whatever the agents' clocks say", async () => {
    const [here, there] = await Promise.all([
      judge("here", `${churn("sources: 4, workers: 4")}${JUDGED}`),
      judge("there", `${onFleet(churn(""), 4)}${JUDGED}`, ...fleet.reach),
    ]);
    expect(verdictsOf(there)).toEqual(verdictsOf(here));
    // The same is not yet right.
    const { run, gates = [] } = there.result;
    const trials = trialsOf(run);
    expect(trials.map(({ state, reason }) => [state, reason])).toEqual([
      ["completed", null],
      ["completed", null],
    ]);
    for (const { measurements, failures } of trials) {
      expect(measurements).toMatchObject({
        "client.connections.succeeded": 80,
        "client.time_wait.peak": 80,
        "target.tcp.PassiveOpens": 80,
      });
      expect(failures).toMatchObject([{ step: "connect", errno: "EADDRNOTAVAIL", count: 40 }]);
      const of = (metric: string): number => measurements[`client.${metric}`] ?? Number.NaN;
      expectOffset(of, 123_456.789);
      // A trial that counts has one start: it would be invalid with more.
      expect(of("fleet.offset_error_us")).toBeLessThanOrEqual(5000);
      expect(of("fleet.start_skew_us")).toBeLessThanOrEqual(50_000);
    }
    const ofPorts = { role: "client", kind: "limit.ports" };
    expect(there.limits).toEqual([
      { variant: "counted", ...ofPorts },
      { variant: "scheduled", ...ofPorts },
    ]);
    expect(new Set(run.predictions.map(({ variant }) => variant))).toEqual(new Set(["scheduled"]));
    expect(gates.map(({ outcome }) => outcome)).toEqual(["fail", "fail", "pass", "pass"]);
  });

  it.each([
    ["a1", 5000],
    ["a2", -5000],
  ])(
    "has four times the ports of %s alone, whose clock is found to be off by %d ms, and whose results are the same for it",
    async (name, offsetMs) => {
      const alone = onFleet(churn(COUNTED), 1, `{ is: ${name} }`);
      const one = await runOnFleet(alone, `RUN${name}`);
      expect(one.of("client", "connections.succeeded")).toBe(20);
      expect(one.of("target", "tcp.PassiveOpens")).toBe(20);
      expectOffset((metric) => one.of("client", metric), offsetMs);
    },
  );

  it("marks the counters of every host where the warm-up ends", async () => {
    const scenario = onFleet(churn("arrival: { rate: 300/s }"), 4)
      .replace("measure: 10s", "warmUp: 1s, measure: 2s")
      .replace("30000 30019", "30000 39999");
    const marks = [
      ["client", "tcp.ActiveOpens"],
      ["target", "tcp.PassiveOpens"],
    ] as const;
    const apart: number[] = [];
    while (apart.length < TRIES_MAX && !apart.some((count) => count <= 6)) {
      const result = await runOnFleet(scenario, `RUNWARM${apart.length}`);
      expect(result.of("client", "connections.succeeded")).toBe(600);
      const off = marks.map(([role, metric]) => Math.abs(result.of(role, metric) - 600));
      expect(Math.max(...off)).toBeLessThanOrEqual(60);
      apart.push(Math.max(...off));
    }
    // The mark falls between arrivals, on each host at its own moment: within the arrivals of 20 ms, where nothing else runs.
    expect(Math.min(...apart)).toBeLessThanOrEqual(6);
  });

  it("leaves no host of a trial behind", async () => {
    // The kernel takes a namespace apart in the background.
    await expect.poll(() => fleet.countHosts()).toBe(0);
  });
});
