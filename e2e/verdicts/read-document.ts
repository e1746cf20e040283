import { readFileSync } from "node:fs";
import { Ajv } from "ajv";

const ajv = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true });

type Name = "gate" | "history";

/** Reads what a command printed as JSON; throws when the schema that is shipped for it does not take it. */
export function readDocument<T>(name: Name, stdout: string): T {
  const document = JSON.parse(stdout) as T;
  const validate = ajv.getSchema(name) ?? ajv.addSchema(readSchema(name), name).getSchema(name);
  if (validate?.(document) !== true) throw new Error(ajv.errorsText(validate?.errors));
  return document;
}

function readSchema(name: Name): object {
  const file = new URL(`../../schema/${name}.schema.json`, import.meta.url);
  return JSON.parse(readFileSync(file, "utf8")) as object;
}
