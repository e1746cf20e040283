import { readFileSync } from "node:fs";
import path from "node:path";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { ROOT } from "../find-root.ts";
import { terminal } from "../terminal.ts";

/** `what` is one of the choices of the command. */
export function schema(what: string): ExitCode {
  terminal.print(readFileSync(path.join(ROOT, "schema", `${what}.schema.json`), "utf8"));
  return EXIT.ok;
}
