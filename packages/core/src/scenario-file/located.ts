import type { Place } from "./place.ts";

export type ScalarValue = string | number | boolean | null;

/** The value of a key with the place of the key itself. */
export interface LocatedEntry {
  readonly key: Place;
  readonly value: Located;
}

export interface LocatedMap {
  readonly kind: "map";
  readonly place: Place;
  readonly entries: ReadonlyMap<string, LocatedEntry>;
}

/**
 * A value that knows where it was written, so that a variant merged from several parts of a file can still point at
 * each of them. `broken` stands for a value that was already complained about.
 */
export type Located =
  | { readonly kind: "scalar"; readonly place: Place; readonly value: ScalarValue }
  | { readonly kind: "list"; readonly place: Place; readonly items: readonly Located[] }
  | LocatedMap
  | { readonly kind: "broken"; readonly place: Place };

/** A step into a value: a key or an index. */
export type Path = readonly (string | number)[];

/** The plain value without places. A key without a value, and what is broken, count as absent. */
export function toPlain(node: Located): unknown {
  switch (node.kind) {
    case "scalar":
      return node.value;
    case "list":
      return node.items.filter(({ kind }) => kind !== "broken").map(toPlain);
    case "map":
      return Object.fromEntries(
        [...node.entries].filter(([, { value }]) => !isAbsent(value)).map(toPlainEntry),
      );
    case "broken":
      return undefined;
  }
}

function toPlainEntry([key, { value }]: [string, LocatedEntry]): [string, unknown] {
  return [key, toPlain(value)];
}

function isAbsent(node: Located): boolean {
  return node.kind === "broken" || (node.kind === "scalar" && node.value === null);
}

/** The deepest existing node on a path, with the place of the key that leads to it. */
export function lookUp(
  root: Located,
  path: Path,
): { readonly node: Located; readonly key: Place | null; readonly exact: boolean } {
  let node = root;
  let key: Place | null = null;
  for (const step of path) {
    const entry: LocatedEntry | null = stepInto(node, step);
    if (entry === null) return { node, key, exact: false };
    ({ value: node, key } = entry);
  }
  return { node, key, exact: node.kind !== "broken" };
}

function stepInto(node: Located, step: string | number): LocatedEntry | null {
  if (node.kind === "map") return node.entries.get(String(step)) ?? null;
  const item = node.kind === "list" ? node.items[Number(step)] : undefined;
  return item === undefined ? null : { key: item.place, value: item };
}

export function entryOf(node: Located | null, key: string): LocatedEntry | null {
  return node?.kind === "map" ? (node.entries.get(key) ?? null) : null;
}

export function childOf(node: Located | null, key: string): Located | null {
  return entryOf(node, key)?.value ?? null;
}

export function hasBroken(node: Located): boolean {
  switch (node.kind) {
    case "broken":
      return true;
    case "scalar":
      return false;
    case "list":
      return node.items.some(hasBroken);
    case "map":
      return [...node.entries.values()].some(({ value }) => hasBroken(value));
  }
}

/** A copy in which the nodes at these paths are broken. */
export function breakAt(root: Located, paths: readonly Path[]): Located {
  if (paths.length === 0) return root;
  if (paths.some((path) => path.length === 0)) return { kind: "broken", place: root.place };
  const byStep = Map.groupBy(paths, ([first]) => String(first));
  const below = (step: string | number): Path[] =>
    (byStep.get(String(step)) ?? []).map((path) => path.slice(1));
  if (root.kind === "list") {
    return { ...root, items: root.items.map((item, i) => breakAt(item, below(i))) };
  }
  if (root.kind !== "map") return { kind: "broken", place: root.place };
  const entries = [...root.entries].map(
    ([key, { key: place, value }]) =>
      [key, { key: place, value: breakAt(value, below(key)) }] as const,
  );
  return { ...root, entries: new Map(entries) };
}

/** A map of one key after another, down to `value`: what a dotted path writes. */
export function nest(path: readonly string[], value: Located, key: Place): Located {
  return path.reduceRight<Located>(
    (inner, step) => ({
      kind: "map",
      place: inner.place,
      entries: new Map([[step, { key, value: inner }]]),
    }),
    value,
  );
}
