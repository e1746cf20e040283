import {
  formatCount,
  type Problem,
  type Scenario,
  ScenarioError,
  warnIneffective,
} from "@churnlab/core";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { fitTalk } from "../fit-screen.ts";
import { loadScenario, type ScenarioOverrides } from "../load-scenario.ts";
import { printError } from "../print-error.ts";
import { terminal } from "../terminal.ts";

interface ValidateOptions extends ScenarioOverrides {
  readonly json?: boolean;
}

interface FileReport {
  readonly file: string;
  readonly problems: readonly Problem[];
}

/** Checks every file, also after a bad one, and ends with the first bad one's exit status. */
export function validate(files: readonly string[], options: ValidateOptions): ExitCode {
  let exitCode: ExitCode = EXIT.ok;
  const reports: FileReport[] = [];
  for (const file of files) {
    try {
      const scenario = loadScenario(file, options);
      reports.push({ file, problems: [] });
      if (!options.json) sayValid(file, scenario);
    } catch (error) {
      if (error instanceof ScenarioError) reports.push({ file, problems: error.problems });
      const isPrinted = !options.json || !(error instanceof ScenarioError);
      const ended = isPrinted ? printError(error, terminal) : EXIT.usage;
      exitCode ||= ended;
    }
  }
  if (options.json) terminal.print(JSON.stringify({ schemaVersion: 1, files: reports }, null, 2));
  return exitCode;
}

function sayValid(file: string, { variants }: Scenario): void {
  terminal.say(`✓ ${file}: ${formatCount(variants.length, "variant")}`);
  const doubts = variants.flatMap(({ name, spec }) =>
    warnIneffective(spec).map(({ message }) => `  ! ${name}: ${message}`),
  );
  for (const doubt of new Set(doubts)) terminal.say(fitTalk(doubt));
}
