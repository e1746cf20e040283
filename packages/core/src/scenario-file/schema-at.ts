import { z } from "zod";
import type { Path } from "./located.ts";

/** What a schema says about one place of a value: its title, and the keys it knows where it is a mapping. */
export interface SchemaFacts {
  readonly title: string | null;
  readonly keys: readonly string[];
}

/** The facts of the schema at a path; empty where the schema leaves the value open. */
export function schemaAt(root: z.ZodType, path: Path): SchemaFacts {
  let schema: z.ZodType | null = root;
  for (const step of path) {
    if (schema === null) break;
    schema = childSchema(bare(schema), step);
  }
  if (schema === null) return { title: null, keys: [] };
  const inner = bare(schema);
  return {
    title: titleOf(schema),
    keys: inner instanceof z.ZodObject ? Object.keys(inner.shape) : [],
  };
}

/** Every dotted path of fields that a schema names, sections included. */
export function fieldPaths(root: z.ZodType): string[] {
  const inner = bare(root);
  if (!(inner instanceof z.ZodObject)) return [];
  return Object.entries(inner.shape as Record<string, z.ZodType>).flatMap(([key, child]) => [
    key,
    ...fieldPaths(child).map((below) => `${key}.${below}`),
  ]);
}

function childSchema(schema: z.ZodType, step: string | number): z.ZodType | null {
  if (schema instanceof z.ZodObject) {
    return (schema.shape as Record<string, z.ZodType>)[String(step)] ?? null;
  }
  if (schema instanceof z.ZodArray) return schema.element as z.ZodType;
  if (schema instanceof z.ZodRecord) return schema.valueType as z.ZodType;
  return null;
}

/** Without what wraps it. */
function bare(schema: z.ZodType): z.ZodType {
  return schema instanceof z.ZodOptional ? bare(schema.unwrap() as z.ZodType) : schema;
}

function titleOf(schema: z.ZodType): string | null {
  const title = schema.meta()?.title;
  if (title !== undefined) return title;
  return schema instanceof z.ZodOptional ? titleOf(schema.unwrap() as z.ZodType) : null;
}
