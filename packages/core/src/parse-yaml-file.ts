import type { z } from "zod";
import type { ErrorCode } from "./errors.ts";
import { checkShape } from "./scenario-file/check-shape.ts";
import { toPlain } from "./scenario-file/located.ts";
import { openSource } from "./scenario-file/place.ts";
import { ProblemList } from "./scenario-file/problem.ts";
import { readYaml } from "./scenario-file/read-document.ts";

export interface YamlFile<T> {
  /** Its name as people know it. */
  readonly name: string;
  readonly text: string;
  readonly schema: z.ZodType<T>;
  /** The code of its problems. */
  readonly code: ErrorCode;
  /** What a file of this kind is, as in "an agent's file is a mapping of keys such as name". */
  readonly what: string;
}

/**
 * Reads a YAML file other than a scenario and holds it against its schema. An empty file is an empty mapping.
 *
 * @throws ScenarioError with every problem and its place, under the file's own code
 */
export function parseYamlFile<T>({ name, text, schema, code, what }: YamlFile<T>): T {
  const problems = new ProblemList(name, code);
  const source = openSource(name, text);
  const root = readYaml(source, text, problems);
  problems.throwIfAny();
  if (root === null) throw new Error(`${name}: neither content nor problems`);
  const isEmpty = root.kind === "scalar" && root.value === null;
  const mapping = isEmpty ? { kind: "map" as const, place: root.place, entries: new Map() } : root;
  if (mapping.kind === "map") checkShape(mapping, schema, problems);
  else problems.add(mapping.place, what);
  problems.throwIfAny();
  return schema.parse(toPlain(mapping));
}
