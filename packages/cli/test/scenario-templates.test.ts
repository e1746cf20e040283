import { parseScenario, planTrials } from "@churnlab/core";
import { expect, test } from "vitest";
import { buildProgram } from "../src/program.ts";
import { SCENARIO_TEMPLATES } from "../src/scenario-templates.ts";

test.each(Object.entries(SCENARIO_TEMPLATES))(
  "the template %s is a scenario without a problem",
  (name, text) => {
    const scenario = parseScenario(text, `${name}.yaml`);
    expect(scenario.name).toBe(name);
    expect(planTrials(scenario).trials.length).toBeGreaterThan(0);
  },
);

test("every template can be asked for by name", () => {
  const command = buildProgram(() => {}).commands.find((each) => each.name() === "new");
  const option = command?.options.find(({ long }) => long === "--template");
  expect(option?.argChoices).toEqual(Object.keys(SCENARIO_TEMPLATES));
});
