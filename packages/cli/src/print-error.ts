import { ChurnError, findFirstError, formatProblems, ScenarioError } from "@churnlab/core";
import { EXIT, type ExitCode, exitCodeOf } from "./exit-codes.ts";
import { fitTalk } from "./fit-screen.ts";
import type { Terminal } from "./terminal.ts";

/** Says what happened, where, why, and one fix; a bug says that it is one. Returns the exit status it asks for. */
export function printError(thrown: unknown, terminal: Terminal): ExitCode {
  const error = findFirstError(thrown);
  if (error instanceof ScenarioError) {
    terminal.say(fitProblems(formatProblems(error)));
    return exitCodeOf(error.code);
  }
  if (error instanceof ChurnError) {
    terminal.say(
      fitTalk(`${terminal.red("✗")} ${error.message}  ${terminal.dim(`(${error.code})`)}`),
    );
    if (error.hint !== undefined) terminal.say(fitTalk(`  fix: ${error.hint}`));
    return exitCodeOf(error.code);
  }
  terminal.say(`${terminal.red("✗")} This is a bug in churnlab. Please report what follows.`);
  terminal.say(error instanceof Error ? (error.stack ?? error.message) : String(error));
  return EXIT.bug;
}

/** `3 | name: x`, and the carets under it. */
const SOURCE_LINE = /^ *\d* \| /;

/** The sentences only: a source line and the carets under it lose their meaning when they go on below. */
function fitProblems(text: string): string {
  return text
    .split("\n")
    .map((line) => (SOURCE_LINE.test(line) ? line : fitTalk(line)))
    .join("\n");
}
