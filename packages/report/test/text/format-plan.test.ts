import { describePlan, type PlanDescription, parseScenario, planTrials } from "@churnlab/core";
import { describe, expect, test } from "vitest";
import { formatPlan } from "../../src/text/format-plan.ts";

const SCENARIO = `version: 1
name: tw-reuse
workload: { kind: short-lived, arrival: { rate: 400/s } }
phases: { measure: 8s }
sysctls:
  client: { net.ipv4.ip_local_port_range: "30000 32047" }
variants:
  - { name: baseline, sysctls: { client: { net.ipv4.tcp_tw_reuse: 0 } } }
  - { name: tw_reuse=1, sysctls: { client: { net.ipv4.tcp_tw_reuse: 1 } } }
replicates: 3
seed: 1
gates:
  - { metric: client.latency.connect.p99, against: baseline, worseBy: 10% }
`;

/** The least that is a scenario, and whatever follows. */
function scenarioText(
  more: string,
  workload = "kind: short-lived, arrival: { rate: 10/s }",
): string {
  return `version: 1\nname: small\nworkload: { ${workload} }\n${more}`;
}

function planOf(text: string): PlanDescription {
  const scenario = parseScenario(text, "my.yaml");
  return describePlan(scenario, planTrials(scenario), { hz: 250 });
}

describe("a plan as text", () => {
  test("says how much, in which order, what is set where, what to expect, and what it needs", () => {
    expect(formatPlan(planOf(SCENARIO)).split("\n")).toEqual([
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
    const shown = formatPlan(planOf(SCENARIO.replace("replicates: 3", "replicates: 30")));
    expect(shown).toMatch(/^order .* …$/m);
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

  test("says of a closed loop with a limit only how long it takes at most", () => {
    const closed = scenarioText(
      "phases: { measure: 8s }",
      "kind: short-lived, arrival: { model: closed, connections: 4, limit: 50 }",
    );
    expect(formatPlan(planOf(closed))).toMatch(/ of at most 8 s, at most \d+ s in all$/m);
  });

  test.each([
    ["300ms", "1 s"],
    ["49500ms", "50 s"],
    ["76s", "76 s"],
    ["228s", "4 min"],
    ["2h", "2 h"],
    ["9000s", "2.5 h"],
  ])("says how long a trial of %s takes as exactly as is known: %s", (measure, about) => {
    const shown = formatPlan(
      planOf(scenarioText(`phases: { measure: ${measure} }\nreplicates: 2`)),
    );
    expect(shown).toContain(` = 2 trials of about ${about}, `);
  });

  test("has no gates where each trial is bound by itself", () => {
    const text = formatPlan(
      planOf(scenarioText("gates: [{ metric: client.connections.failed, max: 0 }]")),
    );
    expect(text).not.toContain("Gates");
  });

  test("tells when a gateway runs out of ports, and by whose doing", () => {
    const text = formatPlan(
      planOf(
        scenarioText(
          'topology: gateway\nsysctls: { target: { net.ipv4.ip_local_port_range: "30000 30499" } }\nphases: { measure: 8s }',
          "kind: short-lived, arrival: { rate: 200/s }",
        ),
      ),
    ).replaceAll(/\s+/g, " ");
    expect(text).toContain("The target, towards its upstream: 500 ports");
    expect(text).toContain("First EADDRNOTAVAIL at 200/s after 2.5 s");
  });
});
