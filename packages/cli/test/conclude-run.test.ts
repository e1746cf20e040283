import type { GateResult } from "@churnlab/core";
import type { PredictionResult } from "@churnlab/report";
import { describe, expect, test } from "vitest";
import { exitCodeOf } from "../src/conclude-run.ts";

const gate = (outcome: GateResult["outcome"]): GateResult => ({
  gate: { metric: "client.connections.failed", variant: null, bound: { kind: "max", value: 0 } },
  variant: "a",
  outcome,
  reason: "",
  evidence: { kind: "none", cause: "not-measured" },
});

const prediction = (outcome: PredictionResult["outcome"]): PredictionResult => ({
  variant: "a",
  metric: "client.connections.succeeded",
  predicted: "2 048",
  outcome,
  trials: 1,
  reason: "",
});

describe("the exit status of gates and gated predictions", () => {
  test.each([
    ["of gates alone is 0 when all pass", "pass", null, 0],
    ["is 0 when all predictions hold", "pass", ["agrees"], 0],
    ["is 99 when one of them does not", "pass", ["agrees", "disagrees"], 99],
    ["is 99 for a contradiction though a gate could not be judged", "invalid", ["disagrees"], 99],
    ["is 4 when a prediction was not measured", "pass", ["not-measured", "agrees"], 4],
    ["is 99 when a gate fails and a prediction was not measured", "fail", ["not-measured"], 99],
    ["is 0 where the model predicts nothing", "pass", [], 0],
  ] as const)("%s", (...[, outcome, predictions, code]) => {
    expect(exitCodeOf([gate(outcome)], predictions?.map(prediction) ?? null)).toBe(code);
  });
});
