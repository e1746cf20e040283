import { expect, test } from "vitest";
import { flattenFields } from "../src/flatten-fields.ts";

test("every leaf has its path, and what is null or absent has none", () => {
  const spec = { a: { b: 1, c: [true, "x"] }, d: null, e: undefined, f: "" };
  expect(flattenFields(spec)).toEqual([
    ["a.b", 1],
    ["a.c.0", true],
    ["a.c.1", "x"],
    ["f", ""],
  ]);
  expect(flattenFields("alone", ["name"])).toEqual([["name", "alone"]]);
});
