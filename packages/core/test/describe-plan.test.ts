import { describe, expect, test } from "vitest";
import { describePlan } from "../src/describe-plan.ts";
import { planTrials } from "../src/plan-trials.ts";
import { FULL_SCENARIO, parse, scenarioText } from "./fixtures/scenario-texts.ts";

function planOf(text: string) {
  const scenario = parse(text);
  return describePlan(scenario, planTrials(scenario), { hz: 250 });
}

describe("the description of a plan", () => {
  const plan = planOf(FULL_SCENARIO);

  test("counts trials and adds their time up", () => {
    expect(plan).toMatchObject({ schemaVersion: 1, trials: 6, replicates: 3, seed: 1 });
    expect(plan.variants.map(({ trialMs }) => trialMs)).toEqual([8300, 8300]);
    expect(plan.durationMs).toBe(6 * 8300);
  });

  test.each([
    ["short-lived, arrival: { rate: 100/s, limit: 50 }", 500 + 300],
    ["short-lived, arrival: { rate: 100/s, limit: 5000 }", 1000 + 300],
    ["hold, arrival: { rate: 100/s, limit: 50 }", 1000 + 300],
  ])("takes a trial to end when its arrivals do: %s", (workload, trialMs) => {
    const { variants } = planOf(scenarioText("phases: { measure: 1s }", `kind: ${workload}`));
    expect(variants.map((variant) => variant.trialMs)).toEqual([trialMs]);
  });

  test("says of a closed loop with a limit only how long it takes at most", () => {
    const closed = planOf(
      scenarioText(
        "phases: { measure: 8s }",
        "kind: short-lived, arrival: { model: closed, connections: 4, limit: 50 }",
      ),
    );
    expect(closed.variants.map(({ mayEndEarly }) => mayEndEarly)).toEqual([true]);
    expect(plan.variants.map(({ mayEndEarly }) => mayEndEarly)).toEqual([false, false]);
  });

  test("gives the order of every block", () => {
    expect(plan.blocks).toHaveLength(3);
    for (const block of plan.blocks) expect(block.toSorted()).toEqual(["baseline", "tw_reuse=1"]);
    expect(plan.blocks.flat()).toEqual(
      planTrials(parse(FULL_SCENARIO)).trials.map((t) => t.variant),
    );
  });

  test("shows each sysctl from the default of a new namespace to what it is set to", () => {
    expect(plan.variants[1]?.sysctls).toEqual([
      {
        role: "client",
        name: "net.ipv4.ip_local_port_range",
        default: "32768 60999",
        value: "30000 32047",
      },
      { role: "client", name: "net.ipv4.tcp_tw_reuse", default: "2", value: "1" },
    ]);
  });

  test("predicts the port budget of every variant", () => {
    expect(plan.variants.map(({ ports }) => ports)).toMatchObject([
      { limit: "ports", firstExhaustedMs: 5120, succeeded: { low: 2048 } },
      { limit: "reuse-delay", firstExhaustedMs: "never", succeeded: { low: 3200 } },
    ]);
  });

  test("survives JSON", () => {
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
  });
});

describe("needs", () => {
  const needs = (more: string, workload?: string) => planOf(scenarioText(more, workload)).needs;

  test("count both ends of every connection that is open at once", () => {
    const held = needs(
      "phases: { measure: 10s, warmUp: 1s }",
      "kind: hold, arrival: { rate: 1000/s }",
    );
    expect(held.openFiles).toBeGreaterThan(2 * 11_000);
    expect(held.openFiles).toBeLessThan(2 * 11_000 + 1000);
    const closed = needs("", "kind: keep-alive, arrival: { connections: 5000 }");
    expect(closed.openFiles).toBeGreaterThan(10_000);
    expect(closed.openFiles).toBeLessThan(11_000);
    expect(needs("").openFiles).toBeLessThan(1100);
  });

  test("name every testbed, and network administration only where namespaces are made", () => {
    const text = "testbed: external\ntarget: { url: 'http://192.0.2.1/' }";
    expect(needs(text)).toMatchObject({ testbeds: ["external"], networkAdmin: false });
    expect(needs("")).toMatchObject({ testbeds: ["netns"], networkAdmin: true });
  });
});

describe("the gates of a plan", () => {
  const gates = (...lines: string[]): string => `gates:\n${lines.join("\n")}\n`;
  const AGAINST = "  - { metric: client.connections.rate, against: baseline, worseBy: 3% }";
  const MAX = "  - { metric: client.connections.failed, max: 0 }";
  const withGates = (text: string, ...lines: string[]) =>
    planOf(text.replace(/^gates:\n(?: .*\n)*/m, "") + gates(...lines));

  test.each([
    [1, 8, 10],
    [2, 9, 11],
    [4, 10, 12],
    [6, 11, 13],
    [10, 11, 14],
  ])(
    "%i against a variant can fail from %i blocks on, and find a change with %i",
    (n, canFail, findsChange) => {
      const { gateBlocks } = withGates(FULL_SCENARIO, ...Array<string>(n).fill(AGAINST), MAX);
      expect(gateBlocks).toEqual({ comparisons: n, canFail, findsChange });
    },
  );

  test("that bind each trial ask for no blocks", () => {
    expect(withGates(FULL_SCENARIO, MAX).gateBlocks).toBeNull();
  });

  test("of an open number of replicates begin at the first look with which one can fail", () => {
    const auto = FULL_SCENARIO.replace("replicates: 3", "replicates: auto");
    expect(withGates(auto, AGAINST)).toMatchObject({ replicatesMin: 8, replicates: 16 });
    expect(withGates(auto, AGAINST, AGAINST)).toMatchObject({ replicatesMin: 12 });
  });
});
