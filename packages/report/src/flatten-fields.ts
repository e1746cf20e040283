/** What the leaves of an object of plain data are. */
export type FieldValue = string | number | boolean;

/** Every leaf of a value with the path to it, keys joined by dots; what is null or absent is left out. */
export function flattenFields(
  value: unknown,
  path: readonly string[] = [],
): [string, FieldValue][] {
  if (value === null || value === undefined) return [];
  if (typeof value !== "object") return [[path.join("."), value as FieldValue]];
  return Object.entries(value).flatMap(([key, inner]) => flattenFields(inner, [...path, key]));
}
