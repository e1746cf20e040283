import { parseScenario, type Scenario } from "@churnlab/core";
import { expect, test } from "vitest";
import { hasEnoughBlocks, type RunningTrial } from "../src/index.ts";
import { TW_REUSE } from "./fixtures/scenarios.ts";

const AUTO = TW_REUSE.replace("replicates: 6", "replicates: auto").replace(/gates:[^]*/, "");

/** The same with one gate against the baseline. */
function gated(worseBy: string): Scenario {
  return scenarioOf(
    `${AUTO}gates: [{ metric: client.latency.connect.p50, against: baseline, worseBy: ${worseBy} }]\n`,
  );
}

function scenarioOf(text: string): Scenario {
  return parseScenario(text, "auto.yaml");
}

/** Trials in which the candidate's p50 is 10 % higher, give or take the noise. */
function trialsOf(blocks: number, noise: number): RunningTrial[] {
  return Array.from({ length: blocks }, (_, i) => i + 1).flatMap((block) => {
    const swing = 1 + (block % 2 === 0 ? noise : -noise) * (1 + block / 100);
    return [
      { variant: "baseline", p50: 100 },
      { variant: "tw_reuse=1", p50: 110 * swing },
    ].map(({ variant, p50 }): RunningTrial => {
      const measurements = [
        { role: "client", metric: "connections.attempted", value: 1000 },
        { role: "client", metric: "connections.rate", value: 400 },
        { role: "client", metric: "latency.connect.p50", value: p50 },
      ] as const;
      return { variant, block, state: "completed", measurements };
    });
  });
}

test("auto plans 16 blocks and may end after 8 or 12 of them: at 8 where gates decide", () => {
  expect(scenarioOf(AUTO)).toMatchObject({ replicates: 16, autoReplicates: true });
  expect(scenarioOf(TW_REUSE)).toMatchObject({ replicates: 6, autoReplicates: false });
  const looksOf = (scenario: Scenario): number[] =>
    Array.from({ length: 16 }, (_, i) => i + 1).filter((n) =>
      hasEnoughBlocks(scenario, trialsOf(n, 0.001)),
    );
  expect(looksOf(gated("5%"))).toEqual([8, 12, 16]);
  // Without gates the rate and the latency are judged together, which needs 9.
  expect(looksOf(scenarioOf(AUTO))).toEqual([12, 16]);
});

test("noise alone decides to go on, however large the difference is", () => {
  const scenario = scenarioOf(AUTO);
  expect(hasEnoughBlocks(scenario, trialsOf(12, 0.001))).toBe(true);
  expect(hasEnoughBlocks(scenario, trialsOf(12, 0.2))).toBe(false);
});

test("a gate against a variant decides in place of the rates, with its own margin", () => {
  expect(hasEnoughBlocks(gated("50%"), trialsOf(8, 0.1))).toBe(true);
  expect(hasEnoughBlocks(gated("5%"), trialsOf(8, 0.1))).toBe(false);
});

test("a look that is too early for a verdict on all that is shown is passed over", () => {
  const many = trialsOf(12, 0.001).map((trial) => {
    const failures = Array.from({ length: 40 }, (_, i) => {
      const value = i + 1;
      return { role: "client", metric: `failures.E${i}`, value } as const;
    });
    return { ...trial, measurements: [...trial.measurements, ...failures] };
  });
  expect(hasEnoughBlocks(scenarioOf(AUTO), many)).toBe(false);
});
