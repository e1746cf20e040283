import { describePlan, formatNumber, parseScenario, planTrials } from "@churnlab/core";
import { expect, test } from "vitest";
import { checkLimits } from "../src/check-limits.ts";

test.each([
  ["an open loop", "kind: short-lived, arrival: { rate: 300/s }", ""],
  ["a closed loop", "kind: keep-alive, arrival: { connections: 5000 }", ""],
  ["a held ramp", "kind: hold, arrival: { rate: 10/s, shape: ramp, to: 900/s }", ""],
  ["several sources", "kind: short-lived, arrival: { rate: 300/s }, sources: 8", ""],
  ["containers", "kind: keep-alive, arrival: { connections: 5000 }", "testbed: docker"],
])("asks the limit on open files for exactly what the plan shows: %s", (_, workload, more) => {
  const scenario = parseScenario(
    `version: 1\nname: files\n${more}\nworkload: { ${workload} }\nvariants: [{ name: only }]\n`,
    "files.yaml",
  );
  const { openFiles } = describePlan(scenario, planTrials(scenario)).needs;
  expect(() => checkLimits([scenario], openFiles)).not.toThrow();
  expect(() => checkLimits([scenario], openFiles - 1)).toThrow(
    expect.objectContaining({
      code: "E_NOFILE",
      message: expect.stringContaining(
        `about ${formatNumber(openFiles)} files open at once, but the limit is ${formatNumber(openFiles - 1)}`,
      ),
      hint: expect.stringContaining(`ulimit -n ${openFiles}`),
    }),
  );
});
