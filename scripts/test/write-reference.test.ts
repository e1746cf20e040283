import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { referencePages } from "../write-reference.ts";

const docs = path.join(import.meta.dirname, "../../docs");

it.each(Object.entries(referencePages))("docs/%s lists exactly what the code has", (page, text) => {
  expect(readFileSync(path.join(docs, page), "utf8")).toBe(text);
});
