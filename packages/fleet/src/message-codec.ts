import { ChurnError } from "@churnlab/core";
import type { z } from "zod";

export function encodeMessage(message: unknown): string {
  return JSON.stringify(message);
}

/** What a message says, checked. Throws `E_AGENT` where it is not of the expected shape. */
export function decodeMessage<T>(data: Uint8Array | string, schema: z.ZodType<T>): T {
  return checkMessage(parse(data), schema);
}

export function checkMessage<T>(value: unknown, schema: z.ZodType<T>): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const where = issue?.path.join(".") ?? "";
  const why = where === "" ? issue?.message : `${where}: ${issue?.message}`;
  throw new ChurnError("E_AGENT", `A message is not understood: ${why}`);
}

function parse(data: Uint8Array | string): unknown {
  try {
    return JSON.parse(typeof data === "string" ? data : new TextDecoder().decode(data));
  } catch (error) {
    throw new ChurnError("E_AGENT", "A message is no JSON", { cause: error });
  }
}
