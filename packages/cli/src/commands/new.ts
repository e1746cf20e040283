import { existsSync } from "node:fs";
import path from "node:path";
import { ChurnError, quoteWord } from "@churnlab/core";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { ROOT } from "../find-root.ts";
import { SCENARIO_TEMPLATES, type TemplateName } from "../scenario-templates.ts";
import { suggestNext } from "../suggest-next.ts";
import { terminal } from "../terminal.ts";
import { writeOutput } from "../write-report.ts";

interface NewOptions {
  readonly template: TemplateName;
  readonly force?: boolean;
}

/** Writes a commented scenario to start from; `-` prints it. A file that exists is kept unless forced. */
export function newScenario(
  name: string | undefined,
  { template, force = false }: NewOptions,
): ExitCode {
  const text = SCENARIO_TEMPLATES[template];
  if (name === "-") {
    terminal.print(text);
    return EXIT.ok;
  }
  const file = name ?? `${template}.yaml`;
  if (!force && existsSync(file)) {
    throw new ChurnError("E_OUTPUT", `${file} exists`, {
      hint: "Name another file, or write over it with --force.",
    });
  }
  writeOutput(file, `${schemaLine(file)}\n${text}`);
  terminal.print(file);
  suggestNext([`plan ${quoteWord(file)}`, `run ${quoteWord(file)}`], terminal);
  return EXIT.ok;
}

/** Tells editors with a YAML language server what the keys mean. They read the path from where the file is. */
function schemaLine(file: string): string {
  const schema = path.join(ROOT, "schema/scenario.schema.json");
  const relative = path.relative(path.dirname(path.resolve(file)), schema);
  return `# yaml-language-server: $schema=${relative}`;
}
