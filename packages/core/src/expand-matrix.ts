import type { Located } from "./scenario-file/located.ts";
import { nest } from "./scenario-file/located.ts";
import { mergeLocated } from "./scenario-file/merge-located.ts";
import type { Place } from "./scenario-file/place.ts";

/** A variant before its fields are read: the merged tree, and where its name comes from. */
export interface VariantDraft {
  readonly name: string;
  readonly place: Place;
  readonly baseline: boolean;
  readonly tree: Located;
}

/** One dimension of the matrix: the field it sets, and the values it takes. */
export interface Axis {
  readonly steps: readonly string[];
  readonly key: Place;
  readonly values: readonly Located[];
}

/** How many variants a matrix makes of so many variants. */
export function countCombinations(variants: number, axes: readonly Axis[]): number {
  return axes.reduce((product, { values }) => product * values.length, variants);
}

/**
 * The full cross product of the variants and the axes, the last axis changing fastest. A name lists the short name and
 * value of every axis, `tw_reuse=1,closer=server`, after the variant's own where there are several. Of a baseline, the
 * first combination is the baseline.
 */
export function expandMatrix(
  variants: readonly VariantDraft[],
  axes: readonly Axis[],
): VariantDraft[] {
  if (axes.length === 0) return [...variants];
  const labels = shortLabels(axes.map(({ steps }) => steps));
  const names = new Set<string>();
  return variants.flatMap((variant) =>
    combine(axes).map((values, combination) => {
      const settings = axes.map((axis, i) => ({ axis, value: values[i] as Located, i }));
      const label = settings.map(({ value, i }) => `${labels[i]}=${shortValue(value)}`).join(",");
      const name = unique(variants.length > 1 ? `${variant.name},${label}` : label, names);
      const tree = settings.reduce<Located>(
        (merged, { axis, value }) => mergeLocated(merged, nest(axis.steps, value, axis.key)),
        variant.tree,
      );
      return { name, place: variant.place, baseline: variant.baseline && combination === 0, tree };
    }),
  );
}

function combine(axes: readonly Axis[]): Located[][] {
  return axes.reduce<Located[][]>(
    (rows, { values }) => rows.flatMap((row) => values.map((value) => [...row, value])),
    [[]],
  );
}

/**
 * The last part of every path, without `tcp_` or `ip_local_`; with as many parts before it as it takes to tell the
 * paths apart.
 */
export function shortLabels(paths: readonly (readonly string[])[]): string[] {
  const parts = paths.map((path) => {
    const last = path.at(-1) as string;
    const leaf = last.slice(last.lastIndexOf(".") + 1).replace(/^(?:tcp_|ip_local_|ip_)/, "");
    return [...path.slice(0, -1), leaf];
  });
  return parts.map((path, i) => {
    for (let taken = 1; taken < path.length; taken++) {
      const label = path.slice(-taken).join(".");
      const isShared = parts.some((other, j) => j !== i && other.slice(-taken).join(".") === label);
      if (!isShared) return label;
    }
    return (paths[i] as readonly string[]).join(".");
  });
}

function shortValue(value: Located): string {
  if (value.kind === "scalar")
    return String(value.value).trim().replaceAll(/\s+/g, "-").slice(0, 40);
  if (value.kind === "list") return value.items.map(shortValue).join("-").slice(0, 40);
  if (value.kind !== "map") return "?";
  return [...value.entries]
    .map(([key, entry]) => `${key}:${shortValue(entry.value)}`)
    .join("+")
    .slice(0, 40);
}

function unique(name: string, taken: Set<string>): string {
  let candidate = name;
  for (let i = 2; taken.has(candidate); i++) candidate = `${name}#${i}`;
  taken.add(candidate);
  return candidate;
}
