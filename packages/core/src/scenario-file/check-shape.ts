import type { z } from "zod";
import { suggestName } from "../suggest-name.ts";
import { explainIssue, nameField, type Plain } from "./explain-issue.ts";
import {
  breakAt,
  entryOf,
  hasBroken,
  type Located,
  lookUp,
  type Path,
  toPlain,
} from "./located.ts";
import type { Place } from "./place.ts";
import type { ProblemList } from "./problem.ts";
import { fieldPaths, schemaAt } from "./schema-at.ts";

/**
 * Holds a value against a schema, adds every problem of shape, and returns the value with those parts broken, so that
 * the checks that follow neither trip over them nor complain of them again.
 */
export function checkShape(root: Located, schema: z.ZodType, problems: ProblemList): Located {
  const result = schema.safeParse(toPlain(root));
  if (result.success) return root;
  const broken: Path[] = [];
  for (const issue of result.error.issues) {
    const path = issue.path as Path;
    const { node, exact } = lookUp(root, path);
    if (issue.code === "unrecognized_keys") {
      for (const key of issue.keys.slice(0, UNKNOWN_KEYS_SHOWN)) {
        addUnknownKey(root, [...path, key], { schema, problems });
      }
      for (const key of issue.keys) broken.push([...path, key]);
      continue;
    }
    if (!exact && hasBroken(node)) continue;
    const value = exact ? (toPlain(node) as Plain) : undefined;
    const { message, suggestion } = explainIssue(issue, value, schemaAt(schema, path));
    problems.add(placeOf(root, path), message, { suggestion });
    if (exact) broken.push(path);
  }
  return breakAt(root, broken);
}

/** Of one section; a file with more unknown keys is some other file. */
const UNKNOWN_KEYS_SHOWN = 20;

function addUnknownKey(
  root: Located,
  path: Path,
  { schema, problems }: { schema: z.ZodType; problems: ProblemList },
): void {
  const section = path.slice(0, -1);
  const key = String(path.at(-1));
  const where = section.length === 0 ? "" : ` in ${nameField(section)}`;
  const place = entryOf(lookUp(root, section).node, key)?.key ?? root.place;
  const suggestion = suggestKey(key, schemaAt(schema, section).keys, schema);
  problems.add(place, `unknown key ${key}${where}`, { suggestion });
}

/** Words of other tools, and what they are called here. */
const OTHER_WORDS: Readonly<Record<string, string>> = {
  server: "target",
  cells: "variants",
  repeat: "replicates",
  repeats: "replicates",
  repetitions: "replicates",
  thresholds: "gates",
  duration: "phases.measure",
  warmup: "phases.warmUp",
  vus: "workload.arrival.connections",
  concurrency: "workload.arrival.connections",
  payload: "workload.requestBytes",
};

/** A key of the same section, another word for one, or a field of this name in another section. */
function suggestKey(key: string, known: readonly string[], schema: z.ZodType): string | null {
  const near = suggestName(key, known);
  if (near !== null) return near;
  const fields = fieldPaths(schema);
  const word = OTHER_WORDS[key.toLowerCase()];
  if (word !== undefined && (known.includes(word) || fields.includes(word))) return word;
  const leaves = fields.map((path) => path.slice(path.lastIndexOf(".") + 1));
  const leaf = suggestName(key, leaves);
  return leaf === null ? null : (fields[leaves.indexOf(leaf)] ?? null);
}

/** Where to point at for a path: the value, the key of a section, or the section that lacks it. */
export function placeOf(root: Located, path: Path): Place {
  const { node, key, exact } = lookUp(root, path);
  if (exact && node.kind !== "map" && node.kind !== "list") return node.place;
  return key ?? firstKey(node) ?? node.place;
}

function firstKey(node: Located): Place | null {
  if (node.kind !== "map") return null;
  for (const { key } of node.entries.values()) return key;
  return null;
}
