import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { ChurnError } from "@churnlab/core";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { ROOT } from "../find-root.ts";
import { terminal } from "../terminal.ts";

const SCHEMAS = ["scenario", "result", "watch", "ping"] as const;

export function schema(what: string): ExitCode {
  const file = path.join(ROOT, "schema", `${what}.schema.json`);
  if (!SCHEMAS.includes(what as (typeof SCHEMAS)[number]) || !existsSync(file)) {
    throw new ChurnError("E_USAGE", `There is no schema of "${what}".`, {
      hint: `Name one of ${SCHEMAS.join(", ")}.`,
    });
  }
  terminal.print(readFileSync(file, "utf8"));
  return EXIT.ok;
}
