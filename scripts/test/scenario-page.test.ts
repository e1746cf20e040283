import { parseScenario } from "@churnlab/core";
import { expect, it } from "vitest";
import { scenarioPage } from "../reference/scenario-page.ts";

const examples = [...scenarioPage().matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text]) => text);

it.each(examples)("an example of docs/scenarios.md is a scenario: %s", (text = "") => {
  expect(parseScenario(text, "example.yaml").variants.length).toBeGreaterThan(1);
});
