import { parseScenario, type TrialSpec } from "@churnlab/core";
import { expect, it } from "vitest";
import { describeLoad } from "../../src/external/describe-load.ts";

function specOf(workload: string): TrialSpec {
  const text = `version: 1
name: one
testbed: external
target: { url: "http://127.0.0.1" }
phases: { warmUp: 1s, measure: 4s }
workload: ${workload}
variants: [{ name: only }]`;
  const spec = parseScenario(text, "one.yaml").variants[0]?.spec;
  if (spec === undefined) throw new Error("a scenario has variants");
  return spec;
}

it.each([
  ["{ kind: short-lived, arrival: { rate: 400/s } }", "400/s, 2000 connections in all, for 5 s"],
  ["{ kind: keep-alive, arrival: { rate: 40/s } }", "40/s, 200 requests in all, for 5 s"],
  [
    "{ kind: short-lived, arrival: { rate: 100/s, shape: ramp, to: 300/s } }",
    "100/s to 300/s, 1000 connections in all, for 5 s",
  ],
  [
    "{ kind: short-lived, arrival: { rate: 400/s, limit: 10 } }",
    "400/s, 10 connections in all, for 5 s",
  ],
  [
    "{ kind: short-lived, arrival: { connections: 8 } }",
    "8 connections at once, as fast as it answers for 5 s",
  ],
  [
    "{ kind: short-lived, arrival: { connections: 8, limit: 90 } }",
    "8 connections at once, as fast as it answers, at most 90 connections in all for 5 s",
  ],
])("says what %s sends", (workload, words) => {
  expect(describeLoad(specOf(workload))).toBe(words);
});
