import { parseScenario, planTrials, SCENARIO_BOUNDS, type Trial } from "@churnlab/core";
import { describe, expect, it } from "vitest";
import { trialSpecSchema } from "../../src/messages/spec-schema.ts";

const { arrivals, bytes, backlog, connections, port, requests, workers } = SCENARIO_BOUNDS;
const { ratePerS, rampSteps, agents, sources, poolSize } = SCENARIO_BOUNDS;

const SCENARIOS = {
  "an open arrival": `
fleet: { agents: ${agents}, perAgent: { workers: ${workers}, sources: ${sources} } }
topology: gateway
upstream: { connections: pooled, poolSize: ${poolSize}, idleTimeout: 48h }
target: { port: ${port}, backlog: ${backlog} }
workload:
  kind: keep-alive
  requestsPerConnection: ${requests}
  requestBytes: ${bytes}
  responseBytes: ${bytes}
  lifetime: 48h
  thinkTime: 48h
  arrival: { rate: ${ratePerS}/s, shape: step, to: ${ratePerS}/s, steps: ${rampSteps}, limit: ${arrivals} }
  timeouts: { connect: 48h, response: 48h }
phases: { warmUp: 48h, measure: 48h, drain: 48h }`,
  "a closed loop": `
workload: { kind: short-lived, workers: ${workers}, sources: ${sources}, arrival: { connections: ${connections} } }`,
};

describe("the bounds of a trial that is sent", () => {
  it.each(Object.entries(SCENARIOS))(
    "are those of a scenario file: %s at all of them is taken",
    (_, text) => {
      const scenario = parseScenario(`version: 1\nname: bounds\n${text}\n`, "bounds.yaml");
      const { spec } = planTrials(scenario).trials[0] as Trial;
      expect(trialSpecSchema.parse(JSON.parse(JSON.stringify(spec)))).toEqual(spec);
      const over = { ...spec, workload: { ...spec.workload, sources: agents * sources + 1 } };
      expect(trialSpecSchema.safeParse(over).success).toBe(false);
    },
  );
});
