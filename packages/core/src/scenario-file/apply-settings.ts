import { resolveFilePath, resolveTrialPath } from "./field-path.ts";
import { childOf, type Located, nest } from "./located.ts";
import { mergeLocated } from "./merge-located.ts";
import { openSource, type Place, type SourceText } from "./place.ts";
import type { ProblemList } from "./problem.ts";
import { readYaml } from "./read-document.ts";

/**
 * The document with every `path=value` of `--set` written over it, in order. A path names a field of the file
 * (`workload.arrival.rate`, `sysctls.client.net.ipv4.tcp_tw_reuse`, `replicates`), an axis (`matrix.workload.closer`),
 * or a field of one variant (`variants.<name>.phases.measure`); the value is YAML. What a variant says itself still
 * holds for that variant.
 */
export function applySettings(
  document: Located,
  settings: readonly string[],
  problems: ProblemList,
): Located {
  return settings.reduce((root, setting) => applySetting(root, setting, problems), document);
}

function applySetting(root: Located, setting: string, problems: ProblemList): Located {
  const source = openSource("--set", setting);
  const variant = findVariant(root, setting);
  const pathStart = variant === null ? 0 : variant.prefix.length;
  const equals = setting.indexOf("=", pathStart);
  if (equals === -1) {
    problems.add(
      place(source, 0, setting.length),
      "--set takes path=value, as in phases.measure=2s",
    );
    return root;
  }
  const path = setting.slice(pathStart, equals);
  const pathPlace = place(source, pathStart, equals);
  const resolved = variant === null ? resolveFilePath(path) : resolveTrialPath(path);
  if (!resolved.known) {
    problems.add(pathPlace, `no field ${path}`, { suggestion: resolved.suggestion });
    return root;
  }
  // The value is read at its own offset, so that problems point into the argument.
  const value = readYaml(source, " ".repeat(equals + 1) + setting.slice(equals + 1), problems);
  if (value === null) return root;
  const override = nest(resolved.steps, value, pathPlace);
  return variant === null
    ? mergeLocated(root, override)
    : replaceItem(root, variant.index, override);
}

/** The variant whose `variants.<name>.` the setting starts with; names may contain dots and equals signs. */
function findVariant(root: Located, setting: string): { index: number; prefix: string } | null {
  const variants = childOf(root, "variants");
  if (variants?.kind !== "list") return null;
  for (const [index, item] of variants.items.entries()) {
    const name = childOf(item, "name");
    const prefix = name?.kind === "scalar" ? `variants.${String(name.value)}.` : null;
    if (prefix !== null && setting.startsWith(prefix)) return { index, prefix };
  }
  return null;
}

function replaceItem(root: Located, index: number, override: Located): Located {
  const variants = childOf(root, "variants");
  if (root.kind !== "map" || variants?.kind !== "list") return root;
  const items = variants.items.map((item, i) =>
    i === index ? mergeLocated(item, override) : item,
  );
  const entries = new Map(root.entries);
  const entry = entries.get("variants");
  if (entry !== undefined) entries.set("variants", { ...entry, value: { ...variants, items } });
  return { ...root, entries };
}

function place(source: SourceText, start: number, end: number): Place {
  return { source, start, end };
}
