import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { ChurnError } from "@churnlab/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadScenario } from "../src/load-scenario.ts";

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "churnlab-load-"));
  writeFileSync(path.join(folder, "closer.yaml"), "");
});

afterAll(() => rmSync(folder, { recursive: true }));

test.each([
  ["closer.yml", "does not exist", "closer.yaml?"],
  ["closr.yaml", "does not exist", "closer.yaml?"],
  ["nothing-like-it.yaml", "does not exist", "`churnlab new`"],
  ["no/folder.yaml", "does not exist", "`churnlab new`"],
  ["closer.yaml", "is empty", "`churnlab new`"],
  [".", "is a directory", "closer.yaml, or "],
])("of %j it says that it %s and hints at %s", (name, problem, hint) => {
  const error = catchError(() => loadScenario(path.join(folder, name)));
  expect(error).toMatchObject({ code: "E_SCENARIO_FILE" });
  expect(error.message).toContain(problem);
  expect(error.hint).toContain(hint);
});

function catchError(run: () => unknown): ChurnError {
  try {
    run();
  } catch (error) {
    if (error instanceof ChurnError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
