import { childOf, type Located, type LocatedMap } from "./located.ts";

/**
 * `override` over `base`, key by key. Where a section has alternatives (an open or a closed arrival, one of several
 * kinds of target), naming another alternative replaces the section, so that nothing of the old one is left in it.
 */
export function mergeLocated(base: Located | null, override: Located, path = ""): Located {
  if (base === null || base.kind !== "map" || override.kind !== "map") return override;
  if (switchesAlternative(path, base, override)) return override;
  const entries = new Map(base.entries);
  for (const [name, { key, value }] of override.entries) {
    const below = path === "" ? name : `${path}.${name}`;
    entries.set(name, { key, value: mergeLocated(childOf(base, name), value, below) });
  }
  return { kind: "map", place: override.place, entries };
}

function switchesAlternative(path: string, base: LocatedMap, override: LocatedMap): boolean {
  const name = alternatives[path];
  const wanted = name?.(override) ?? null;
  return wanted !== null && wanted !== name?.(base);
}

const TARGET_KINDS = ["url", "image", "command", "server"];

const alternatives: Readonly<Record<string, (section: LocatedMap) => string | null>> = {
  "workload.arrival": (section) => {
    const model = childOf(section, "model");
    if (model?.kind === "scalar") return String(model.value);
    if (section.entries.has("connections")) return "closed";
    return section.entries.has("rate") ? "open" : null;
  },
  target: (section) => TARGET_KINDS.find((kind) => section.entries.has(kind)) ?? null,
};
