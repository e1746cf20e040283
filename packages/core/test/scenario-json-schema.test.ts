import { readdirSync, readFileSync } from "node:fs";
import { Ajv } from "ajv";
import { describe, expect, test } from "vitest";
import { parse as parseYaml } from "yaml";
import { parseScenario } from "../src/parse-scenario.ts";
import { scenarioJsonSchema } from "../src/scenario-json-schema.ts";
import { FULL_SCENARIO, scenarioText } from "./fixtures/scenario-texts.ts";

const root = new URL("../../../", import.meta.url);
const scenarios = readdirSync(new URL("scenarios/", root)).filter((name) => name.endsWith(".yaml"));
const read = (path: string) => readFileSync(new URL(path, root), "utf8");
const validate = new Ajv({ strict: true, allowUnionTypes: true, formats: { uri: true } }).compile(
  scenarioJsonSchema(),
);

test("the schema in the repository is the one that the code makes", () => {
  expect(JSON.parse(read("schema/scenario.schema.json"))).toEqual(
    JSON.parse(JSON.stringify(scenarioJsonSchema())),
  );
});

describe("every scenario of the project", () => {
  test("is found", () => expect(scenarios.length).toBeGreaterThanOrEqual(5));

  test.each(scenarios)("%s validates, parses, and names the schema for editors", (name) => {
    const text = read(`scenarios/${name}`);
    validate(parseYaml(text));
    expect(validate.errors).toBeNull();
    expect(parseScenario(text, name).variants.length).toBeGreaterThan(1);
    expect(text).toMatch(
      /^# yaml-language-server: \$schema=\.\.\/schema\/scenario\.schema\.json\n/,
    );
  });
});

test("the schema takes what the parser takes", () => {
  expect(validate(parseYaml(FULL_SCENARIO))).toBe(true);
});

test.each([
  ["phases: { measure: 8 }", "/phases/measure"],
  ["phases: { mesure: 8s }", "/phases"],
  ["replicates: 0", "/replicates"],
  ["variants: [{ name: a, workload: { closer: nobody } }]", "/variants/0/workload/closer"],
  ["sysctls: { client: { net.ipv4.tcp_tw_reuse: true } }", "/sysctls/client/net.ipv4.tcp_tw_reuse"],
  ["gates: [{ metric: client.connections.rate, worseBy: 10 }]", "/gates/0/worseBy"],
])("the schema refuses %s", (more, path) => {
  expect(validate(parseYaml(scenarioText(more)))).toBe(false);
  expect(validate.errors?.[0]?.instancePath).toBe(path);
});

test("editors are told what a sysctl does, and the defaults", () => {
  const text = JSON.stringify(scenarioJsonSchema());
  expect(text).toContain("Lets connect() take over the port pair of a TIME_WAIT socket");
  expect(scenarioJsonSchema()).toMatchObject({
    properties: {
      phases: { properties: { measure: { default: "8s" } } },
      replicates: { default: 3 },
    },
  });
});
