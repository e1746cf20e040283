import type { SweptAxis } from "@churnlab/core";
import type { StoredRun } from "@churnlab/store";
import { flattenFields } from "../flatten-fields.ts";

/**
 * The axes of a sweep: every field in which variants differ, if together they span a grid. Empty where the variants are
 * named alternatives and not points of one.
 */
export function findSweptAxes({ variantList }: Pick<StoredRun, "variantList">): SweptAxis[] {
  const flat = variantList.map(({ name, spec }) => {
    const fields = flattenFields(spec).map(([path, value]) => [path, String(value)] as const);
    return { name, fields: new Map(fields) };
  });
  const paths = new Set(flat.flatMap(({ fields }) => [...fields.keys()]));
  const axes = [...paths].flatMap((path): SweptAxis[] => {
    const valueOf = new Map(flat.map(({ name, fields }) => [name, fields.get(path) ?? "unset"]));
    const values = [...new Set(valueOf.values())];
    return values.length < 2 ? [] : [{ path, values, valueOf }];
  });
  const points = axes.reduce((product, { values }) => product * values.length, 1);
  return points === variantList.length && points > 2 ? axes : [];
}

/** The number that a value stands for: itself, or how many ports a port range has. null where it is none. */
export function numberOf(value: string): number | null {
  const range = /^(\d+)\s+(\d+)$/.exec(value.trim());
  if (range !== null) return Number(range[2]) - Number(range[1]) + 1;
  const number = Number(value);
  return value.trim() === "" || !Number.isFinite(number) ? null : number;
}

/** The last part of a path, as people say it. */
export function nameAxis({ path }: SweptAxis): string {
  const [leaf = path] = path.split(".").slice(-1);
  return path.startsWith("sysctls.")
    ? (path.split("net.").at(-1) ?? leaf).replace(/^ipv[46]\./, "")
    : leaf;
}
