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
  const fromOutside = true;
  expect(() => checkLimits([scenario], { fromOutside, openFilesMax: openFiles })).not.toThrow();
  expect(() => checkLimits([scenario], { fromOutside, openFilesMax: openFiles - 1 })).toThrow(
    expect.objectContaining({
      code: "E_NOFILE",
      message: expect.stringContaining(
        `about ${formatNumber(openFiles)} files open at once, but the limit is ${formatNumber(openFiles - 1)}`,
      ),
      hint: expect.stringContaining(`ulimit -n ${openFiles}`),
    }),
  );
});

test("asks nothing of this process for containers that are measured from inside", () => {
  const scenario = parseScenario(
    "version: 1\nname: files\ntestbed: docker\nworkload: { kind: keep-alive, arrival: { connections: 5000 } }\n",
    "files.yaml",
  );
  const here = { fromOutside: false, openFilesMax: 1024 };
  expect(() => checkLimits([scenario], here)).not.toThrow();
  expect(() => checkLimits([scenario], { ...here, fromOutside: true })).toThrow(
    /files open at once/,
  );
});
