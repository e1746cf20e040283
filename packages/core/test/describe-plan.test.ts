import { describe, expect, test } from "vitest";
import { describePlan } from "../src/describe-plan.ts";
import { formatAbout, formatPlan } from "../src/format-plan.ts";
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
    expect(formatPlan(closed)).toMatch(/ of at most 8 s, at most \d+ s in all$/m);
    expect(plan.variants.map(({ mayEndEarly }) => mayEndEarly)).toEqual([false, false]);
  });

  test("says of a fleet in which container its target is to be, which an agent has to allow", () => {
    const needs = (target: string) => {
      const text = `fleet: { agents: 2, target: { labels: { disk: fast } } }\n${target}`;
      const described = planOf(scenarioText(text, "kind: short-lived, arrival: { rate: 100/s }"));
      return /Needs {3}2 agents.*/.exec(formatPlan(described))?.[0];
    };
    const begin = "Needs   2 agents for load, 1 source each, and one for the target with disk=fast";
    expect(needs("")).toBe(`${begin}: run --nats URL`);
    expect(needs("testbed: docker\ntarget: { image: 'nginx:1.28' }")).toBe(
      `${begin} in a container of nginx:1.28, which its own file has to allow: run --nats URL`,
    );
    expect(needs("testbed: docker")).toContain("in a container of churnlab's own server, which");
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

describe("a plan as text", () => {
  test("says how much, in which order, what is set where, what to expect, and what it needs", () => {
    expect(formatPlan(planOf(FULL_SCENARIO)).split("\n")).toEqual([
      "tw-reuse: 2 variants × 3 replicates = 6 trials of about 8 s, about 50 s in all",
      expect.stringMatching(
        /^order \(seed 1\): (baseline|tw_reuse=1)( · (baseline|tw_reuse=1)){5}$/,
      ),
      "",
      "variant        who     sysctl                        default      set to",
      "every variant  client  net.ipv4.ip_local_port_range  32768 60999  30000 32047",
      "baseline       client  net.ipv4.tcp_tw_reuse         2            0",
      "tw_reuse=1     client  net.ipv4.tcp_tw_reuse         2            1",
      "",
      "Port budget",
      "  baseline",
      "    2 048 ports, each kept 60 s because the client closes first and tcp_tw_reuse is not 1: 33.0 to",
      "    34.1 connections/s in the long run. First EADDRNOTAVAIL at 400/s after 5.12 s, 2 048 connections",
      "    succeed and 1 152 fail. connect() slows down at 2.56 s.",
      "  tw_reuse=1",
      "    2 048 ports, each free again after 1 s: 2 048 connections/s in the long run. No EADDRNOTAVAIL at",
      "    400/s in this trial.",
      "",
      "Gates",
      "  ! 1 comparison with a baseline: one can fail from 8 replicates on; with 10 it finds a change of",
      "    twice its margin in 99 of 100 runs (noise of 3 % per trial); with 3 none can fail",
      "",
      "Needs   testbed netns (CAP_NET_ADMIN, or user namespaces; nothing changes outside the trial's own)",
      "Needs   open files ≥ 520",
    ]);
  });

  test("names settings without effect once, with the variants they are in", () => {
    const text = scenarioText(
      "sysctls: { target: { net.ipv4.tcp_tw_reuse: 1 } }\n" +
        "variants: [{ name: a }, { name: b, sysctls: { client: { net.ipv4.tcp_fin_timeout: 5 } } }]",
    );
    const shown = formatPlan(planOf(text));
    expect(shown).toContain("\n  ! target: net.ipv4.tcp_tw_reuse = 1 has no effect here");
    expect(shown).toContain("\n  ! b: client: net.ipv4.tcp_fin_timeout = 5 has no effect here");
  });

  test("shows a dash where a variant sets nothing, and why nothing is predicted", () => {
    const shown = formatPlan(planOf(scenarioText("target: { command: [nginx] }")));
    expect(shown).toMatch(/^baseline {2}– *$/m);
    expect(shown).toContain("  baseline\n    No prediction: who closes first is decided");
  });

  test("shows the beginning of a long order", () => {
    const shown = formatPlan(planOf(FULL_SCENARIO.replace("replicates: 3", "replicates: 30")));
    expect(shown).toMatch(/^order .* …$/m);
  });
});

test.each([
  [300, "1 s"],
  [49_800, "50 s"],
  [76_300, "76 s"],
  [228_900, "4 min"],
  [7_200_000, "2 h"],
  [9_000_000, "2.5 h"],
])("about %d ms is %s", (ms, text) => expect(formatAbout(ms)).toBe(text));

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

  test("that cannot fail with so few replicates are told", () => {
    const text = formatPlan(withGates(FULL_SCENARIO, AGAINST));
    expect(text.replaceAll(/\s+/g, " ")).toContain(
      "! 1 comparison with a baseline: one can fail from 8 replicates on; with 10 it finds a change of twice its margin in 99 of 100 runs (noise of 3 % per trial); with 3 none can fail",
    );
  });

  test("that bind each trial ask for no blocks", () => {
    const plan = withGates(FULL_SCENARIO, MAX);
    expect(plan.gateBlocks).toBeNull();
    expect(formatPlan(plan)).not.toContain("Gates");
  });

  test("of an open number of replicates begin at the first look with which one can fail", () => {
    const auto = FULL_SCENARIO.replace("replicates: 3", "replicates: auto");
    expect(withGates(auto, AGAINST)).toMatchObject({ replicatesMin: 8, replicates: 16 });
    expect(withGates(auto, AGAINST, AGAINST)).toMatchObject({ replicatesMin: 12 });
  });
});
