import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { generatedSchemas, referencePages } from "../write-reference.ts";

const docs = path.join(import.meta.dirname, "../../docs");

it.each(Object.entries(referencePages))("docs/%s lists exactly what the code has", (page, text) => {
  expect(readFileSync(path.join(docs, page), "utf8")).toBe(text);
});

it.each(Object.entries(generatedSchemas))(
  "schema/%s.schema.json is what the code makes",
  (name, schema) => {
    const file = path.join(docs, `../schema/${name}.schema.json`);
    expect(readFileSync(file, "utf8")).toBe(`${JSON.stringify(schema, null, 2)}\n`);
  },
);
