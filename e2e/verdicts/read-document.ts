import { readFileSync } from "node:fs";
import type { GateDocument, HistoryDocument } from "@churnlab/report";
import { Ajv } from "ajv";

const ajv = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true });

interface Documents {
  readonly gate: GateDocument;
  readonly history: HistoryDocument;
}

/** Reads what a command printed as JSON; throws when the schema that is shipped for it does not take it. */
export function readDocument<Name extends keyof Documents>(
  name: Name,
  stdout: string,
): Documents[Name] {
  const document = JSON.parse(stdout) as Documents[Name];
  const validate = ajv.getSchema(name) ?? ajv.addSchema(readSchema(name), name).getSchema(name);
  if (validate?.(document) !== true) throw new Error(ajv.errorsText(validate?.errors));
  return document;
}

function readSchema(name: string): object {
  const file = new URL(`../../schema/${name}.schema.json`, import.meta.url);
  return JSON.parse(readFileSync(file, "utf8")) as object;
}
