import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { FIRST_LIMITS } from "../../src/init/plan-fleet.ts";
import { LIMIT_KEYS } from "../../src/limits/agent-file.ts";
import { TARGET_KINDS } from "../../src/limits/agent-limits.ts";

const page = readFileSync(new URL("../../../../docs/fleet.md", import.meta.url), "utf8");
const rows = [...page.matchAll(/^\| `(\w+)` \| (.*) \| (.*) \| (.*) \|$/gm)];
const rowOf = (key: string): string => rows.find(([, name]) => name === key)?.[0] ?? "";

test("the table of limits has each once, and no other", () => {
  expect(rows.map(([, key]) => key)).toEqual(LIMIT_KEYS);
});

test("what it says that fleet init writes is what fleet init writes", () => {
  for (const key of ["rate", "connections", "duration"] as const) {
    expect(rowOf(key)).toContain(`| \`${String(FIRST_LIMITS[key])}\` |`);
  }
  const unsaid = LIMIT_KEYS.filter((key) => !(key in FIRST_LIMITS));
  expect(unsaid).toEqual(["sysctls", "pull"]);
});

test("every kind of target is named", () => {
  for (const kind of TARGET_KINDS) expect(rowOf("targets")).toContain(`\`${kind}\``);
});
